import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { readVersion } from "../ground/version.ts";
import { canonical } from "../ledger/event-entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { createLogKey, readLogKey, verifierKey } from "../ledger/log/log-key.ts";
import type { Log, LogKey } from "../ledger/log/log.ts";
import { openLog } from "../ledger/log/open-log.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { signatureLogName } from "../ledger/signatures/trusted-root.ts";
import { openCosigner } from "../ledger/witness/cosigner.ts";
import { openStore } from "../oci/layout.ts";
import { digestOfFiles } from "../policy/engine/parse-policies.ts";
import { openPolicyEngine } from "../policy/engine/policy-engine.ts";
import type { ShippedPolicies } from "../policy/shipped.ts";
import { eventFolder, signatureFolder, type Controller } from "./controller.ts";
import { makeEvent, system } from "./events/events.ts";
import type { Settings } from "./settings.ts";
import { controllerFold } from "./state/fold.ts";
import { recordedPolicies, recordedSettings } from "./state/settings.ts";
import { lastLogged } from "./state/statements.ts";

/**
 * Opens the controller of this home; the first time makes its logs and their keys. Throws `locked-by-another` while another process has it, `log-damaged`, and what reading a private
 * file throws.
 */
export async function openController(ctx: Context, settings: Settings): Promise<Controller> {
  const policies = await openPolicyEngine();
  const host = signatureLogName(settings.baseUrl);
  const cosigner =
    settings.witnesses.known.length === 0
      ? {}
      : { cosign: openCosigner(settings.witnesses, { warn: ctx.report.warn }) };
  // The origin of the signature log is the bare host: by that name verifiers of sigstore look a log up (Rekor v2, sigstore-go).
  const signatures = await openLog({
    folder: signatureFolder(ctx.home),
    key: logKey(join(ctx.home, "ledger/signatures.key"), host),
  }).catch((error: unknown) => {
    throw explainHeld(error, ctx.home);
  });
  try {
    const key = logKey(join(ctx.home, "ledger/events.key"), `${host}/events`);
    const ledger = await openLedger({
      folder: eventFolder(ctx.home),
      key,
      fold: controllerFold,
      now: ctx.now,
      ...cosigner,
    });
    const close = async (): Promise<void> => {
      await ledger.close();
      await signatures.close();
    };
    try {
      assertContinued(ledger, signatures);
      await recordStart(ledger, settings, policies.shipped);
    } catch (error) {
      await ledger.close();
      throw explainWitness(error, verifierKey(key));
    }
    return { ctx, settings, ledger, signatures, store: openStore(ctx), policies, close };
  } catch (error) {
    await signatures.close();
    throw error;
  }
}

/** One controller a home: it does not end by itself, so that waiting for it is no way on. */
function explainHeld(error: unknown, home: string): unknown {
  if (!(error instanceof IngotError) || error.code !== "locked-by-another") return error;
  return new IngotError(error.code, `a controller is running in ${home} already: ${error.message}`, {
    hint: "to start it anew, end that process first; INGOT_HOME names another folder for another controller",
    cause: error,
  });
}

/** A witness needs the log's public key, which a controller that waits for its first witness tells nobody. */
function explainWitness(error: unknown, vkey: string): unknown {
  if (!(error instanceof IngotError) || error.code !== "witness-unreachable") return error;
  return new IngotError(error.code, error.message, {
    details: error.details,
    hint: `start the witnesses that are named, each by: ingot witness serve --log ${vkey}`,
    cause: error,
  });
}

/** Made at the first start. A log whose key is gone is not continued with another: opening it fails at its checkpoint's signature. */
function logKey(path: string, name: string): LogKey {
  return existsSync(path) ? readLogKey(path) : createLogKey(path, name);
}

/** Attack: an older copy of the signature log in place of the newest, which then says of other signatures what was said of those that are gone. Witnesses see the log of events alone. */
function assertContinued({ state }: Ledger, signatures: Log): void {
  const last = lastLogged(state);
  const { size } = signatures.checkpoint();
  if (last === undefined || last < size) return;
  throw new IngotError(
    "log-forked",
    `the signature log in ${signatures.folder} has ${size} entries, and an event names its entry ${last}`,
    { hint: "an older copy of the log was put in place: restore the newest one" },
  );
}

/**
 * What it was started with is part of what happened: who was trusted to say who somebody is, which witnesses were asked, and the policies of this release. Without that a newer Ingot
 * would decide otherwise than an older one with nothing on the record to say why.
 */
async function recordStart(ledger: Ledger, settings: Settings, shipped: ShippedPolicies): Promise<void> {
  const release = readVersion();
  const files = [shipped.roles, shipped.environment];
  const digest = digestOfFiles(files);
  await ledger.transact((state) => {
    const configured = { version: release, settings: toRecord(settings) };
    const events = [
      ...(isRecorded(recordedSettings(state), configured)
        ? []
        : [makeEvent(system, "controller.configured", configured)]),
      ...(recordedPolicies(state) === digest
        ? []
        : [
            makeEvent(system, "policy.shipped", {
              release,
              digest,
              files: files.map(({ name, text }) => ({ name, text })),
            }),
          ]),
    ];
    return { events, result: undefined };
  });
}

/** The record is for ever, and many may read it: an address that events are sent to may hold a token, and the arguments of a command what it unlocks. */
function toRecord({ webhooks, secrets, ...rest }: Settings): object {
  const named = Object.entries(secrets).map(([environment, all]): readonly [string, readonly string[]] => [
    environment,
    Object.keys(all).toSorted(),
  ]);
  return {
    ...rest,
    ...(named.length === 0 ? {} : { secrets: Object.fromEntries(named) }),
    ...(webhooks.length === 0
      ? {}
      : { webhooks: webhooks.map(({ name, url, events }) => ({ name, host: new URL(url).host, events })) }),
  };
}

/** The record has its members in another order. */
function isRecorded(recorded: string | undefined, data: object): boolean {
  return recorded !== undefined && canonical(JSON.parse(recorded), "settings") === canonical(data, "settings");
}
