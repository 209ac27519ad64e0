import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../api/client/client.ts";
import type { Release } from "../../controller/state/releases.ts";
import type { RecordedRollout } from "../../controller/state/rollouts.ts";
import type { ShownService } from "../../controller/verbs/show-services.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { describeProgress } from "./describe-service.ts";

/** What became of a release: the rollout as it ended, and what runs now. */
export type Followed = { readonly service: ShownService; readonly seconds: number };

/** Nothing to wait for: the controller runs no instances, or those that are wanted run already. */
export type NotFollowed = "no-fleet" | "nothing-to-do";

/** Milliseconds between two looks. */
const interval = 200;

/**
 * Waits for the end of a release's rollout, telling each step. Throws `rollout-failed`, `rollout-cancelled`; a signal ends the
 * waiting, not the rollout.
 */
export async function followRollout(ctx: Context, client: Client, release: Release): Promise<Followed | NotFollowed> {
  const { environment, service, number } = release;
  const began = performance.now();
  let told = "";
  for (;;) {
    const seen = await look(client, { environment, service });
    if (seen?.running === undefined) return "no-fleet";
    if (seen.rollout === undefined) return "nothing-to-do";
    // One that failed is followed at once by one that brings back what was before.
    const rollout = seen.rollout.release === number ? seen.rollout : await findRollout(client, release);
    if (rollout === undefined) return "nothing-to-do";
    const line = describeProgress({ ...seen, rollout });
    if (line !== told) ctx.report.info(line);
    told = line;
    const ended = judge(release, rollout, seen);
    if (ended === "well") return { service: seen, seconds: (performance.now() - began) / 1000 };
    if (ended !== undefined) throw ended;
    await sleep(interval, undefined, { signal: ctx.signal }).catch(() => {
      throw interrupted(release);
    });
  }
}

/** Undefined: it goes on. */
function judge(release: Release, rollout: RecordedRollout, seen: ShownService): "well" | IngotError | undefined {
  switch (rollout.status) {
    case "successful":
    case "awaiting-promotion":
    case "paused":
      return "well";
    case "failed":
      return failed(release, rollout, seen);
    case "cancelled":
      return cancelled(release, rollout.why);
    case "pending":
    case "running":
    case "baking":
    case "promoting":
      return undefined;
  }
}

type Key = { readonly environment: string; readonly service: string };

export async function look(client: Client, key: Key): Promise<ShownService | undefined> {
  const { services } = await client.get<{ readonly services: readonly ShownService[] }>("/api/v1/services", key);
  return services[0];
}

async function findRollout(
  client: Client,
  { environment, service, number }: Release,
): Promise<RecordedRollout | undefined> {
  const path = `/api/v1/services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/rollouts`;
  const { rollouts } = await client.get<{ readonly rollouts: readonly RecordedRollout[] }>(path);
  return rollouts.find((one) => one.release === number);
}

function failed(
  { environment, service, number }: Release,
  { why = "it did not become healthy" }: RecordedRollout,
  { rollout, quarantine }: ShownService,
): IngotError {
  const isReverted = rollout?.kind === "revert" && rollout.from === number;
  const state = isReverted
    ? `release ${rollout.release} brings back by itself what was before`
    : "what ran before still runs";
  return new IngotError(
    "rollout-failed",
    `release ${number} of ${service} in ${environment} failed: ${why}; ${state}`,
    {
      details: quarantine.map(({ image }) => `${image} is in quarantine: it is not started there again`),
      hint: `ingot status --environment ${environment}; ingot history ${service} --environment ${environment}`,
    },
  );
}

function cancelled({ environment, service, number }: Release, why = ""): IngotError {
  return new IngotError(
    "rollout-cancelled",
    `the rollout of release ${number} of ${service} in ${environment} was cancelled${why === "" ? "" : `: ${why}`}`,
    {
      hint: `ingot history ${service} --environment ${environment}`,
    },
  );
}

/** It is on the record, and goes on. */
function interrupted({ environment, service, number }: Release): IngotError {
  return new IngotError(
    "cancelled",
    `nobody waits for release ${number} of ${service} in ${environment} any more; its rollout goes on`,
    {
      hint: `ingot status --environment ${environment} --watch; ingot rollout cancel ${service} --in ${environment}`,
    },
  );
}
