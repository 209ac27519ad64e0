import type { Drift, SeenProcess } from "../../guard/guard.ts";
import { makeRedactor } from "../../guard/response/capture/redact.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { raiseAlarm } from "../fleet/raise-alarm.ts";
import { listBreakers } from "../state/breakers.ts";
import { knownDrift } from "../state/drift.ts";

/** Whose drift it is. */
export type DriftPlace = {
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  /** Digest. */
  readonly image: string;
};

/** `isNew`: it went on the record now; else `id` is that of the same drift before. */
export type RecordingOfDrift = { readonly id: number; readonly isNew: boolean };

/** Attack: an instance that is only observed, and shows other drift a thousand times a second; the record is kept for ever. */
const mostOfInstance = 100;

/** Puts drift on the record, durable when it resolves; the same of the same instance once. With the first that finds its breaker open, that is on the record, too, as an alarm. */
export async function recordDrift(controller: Controller, drift: Drift, place: DriftPlace): Promise<RecordingOfDrift> {
  const data = { ...place, ...toRecord(drift) };
  const { result } = await controller.ledger.transact((state, next) => {
    const { count, last, same } = knownDrift(state, data);
    const isDone = drift.response === "frozen" || drift.response === "gone";
    const known = same ?? (count >= mostOfInstance && !isDone ? last : undefined);
    if (known !== undefined) return { events: [], result: { id: known, isNew: false } };
    const found = makeEvent(system, "drift.found", data);
    return { events: [found, ...openBreaker(state, drift, place)], result: { id: next, isNew: true } };
  });
  return result;
}

function openBreaker(
  state: Database,
  { rule, subject, response }: Drift,
  { environment, service, release }: DriftPlace,
): readonly NewEvent[] {
  const isKnown = listBreakers(state).some((one) => one.environment === environment && one.service === service);
  if (response !== "breaker-open" || isKnown) return [];
  const why = `several instances of release ${release} show ${rule} (${clip(subject, 200)}) within ten minutes`;
  const message = `${why}: it is the image's own behaviour, a mistake of the rule, or one attack on all of them; nothing is frozen for it until somebody looks: ingot drift list ${service} --environment ${environment}`;
  return [
    makeEvent(system, "breaker.opened", { environment, service, why }),
    ...raiseAlarm(state, { environment, service, alarm: "breaker-open", message }),
  ];
}

type Recorded = Pick<
  Drift,
  "instance" | "rule" | "subject" | "message" | "seen" | "found" | "sensor" | "response" | "chain"
>;

/** Within what an event may hold, and without passwords on command lines: the record is read by more people than captures, and for ever. */
function toRecord({ instance, rule, subject, message, seen, found, sensor, response, chain }: Drift): Recorded {
  const redactor = makeRedactor([]);
  return {
    instance,
    rule,
    subject: redactor.text(clip(subject, 500)),
    message: redactor.text(clip(message, 1000)),
    seen,
    found,
    sensor,
    response,
    chain: fitChain(chain.slice(0, 12).map((process) => toSeen(process, redactor.command))),
  };
}

/** Bytes: an event holds 65,535. */
const longestChain = 40_000;

/** Attack: commands of characters that take six bytes each in JSON. */
function fitChain(chain: readonly SeenProcess[]): readonly SeenProcess[] {
  if (Buffer.byteLength(JSON.stringify(chain)) <= longestChain) return chain;
  return chain.map((process) => ({ ...process, command: process.command.slice(0, 1).map((word) => clip(word, 50)) }));
}

function toSeen(
  { pid, parent, executable, command, uid, started }: SeenProcess,
  redact: (words: readonly string[]) => readonly string[],
): SeenProcess {
  return {
    pid,
    parent,
    executable: clip(executable, 300),
    command: redact(command.slice(0, 12)).map((word) => clip(word, 120)),
    ...(uid === undefined ? {} : { uid }),
    ...(started === undefined ? {} : { started }),
  };
}

/** Characters; an attacker chose them. */
function clip(text: string, most: number): string {
  return (text.length <= most ? text : `${text.slice(0, most - 1)}…`).toWellFormed();
}
