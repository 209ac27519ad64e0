import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../api/client/client.ts";
import type { Release } from "../../controller/state/releases.ts";
import type { ShownService } from "../../controller/verbs/show-services.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { describeProgress } from "./describe-service.ts";

/** What became of a release: the rollout as it ended, and what runs now. */
export type Followed = { readonly service: ShownService; readonly seconds: number };

/** Milliseconds between two looks. */
const interval = 200;

/**
 * Waits for the end of a release's rollout, telling each step. Undefined: the controller runs no instances, or nothing is to be rolled out. Throws `rollout-failed`, `rollout-cancelled`; a signal ends the
 * waiting, not the rollout.
 */
export async function followRollout(ctx: Context, client: Client, release: Release): Promise<Followed | undefined> {
  const { environment, service, number } = release;
  const began = performance.now();
  let told = "";
  for (;;) {
    const seen = await look(client, { environment, service });
    if (seen?.running === undefined) return undefined;
    const rollout = seen.rollout;
    if (rollout !== undefined && rollout.release > number) throw superseded(release, rollout.release);
    const line = describeProgress(seen);
    if (line !== told) ctx.report.info(line);
    told = line;
    if (rollout?.release !== number) return undefined;
    if (rollout.status === "successful") return { service: seen, seconds: (performance.now() - began) / 1000 };
    if (rollout.status === "failed") throw await failed(client, release, rollout.why);
    if (rollout.status === "cancelled") throw cancelled(release, rollout.why);
    if (rollout.status === "awaiting-promotion" || rollout.status === "paused")
      return { service: seen, seconds: (performance.now() - began) / 1000 };
    await sleep(interval, undefined, { signal: ctx.signal }).catch(() => {
      throw interrupted(release);
    });
  }
}

type Key = { readonly environment: string; readonly service: string };

export async function look(client: Client, key: Key): Promise<ShownService | undefined> {
  const { services } = await client.get<{ readonly services: readonly ShownService[] }>("/api/v1/services", key);
  return services[0];
}

async function failed(
  client: Client,
  { environment, service, number }: Release,
  why = "it failed",
): Promise<IngotError> {
  const now = await look(client, { environment, service });
  const back = now?.rollout?.kind === "revert" && now.rollout.from === number ? now.rollout : undefined;
  const state =
    back === undefined
      ? "nothing is rolled back by itself; what ran before still runs"
      : `it is rolled back by itself, to what release ${back.release} is`;
  return new IngotError(
    "rollout-failed",
    `release ${number} of ${service} in ${environment} failed: ${why}; ${state}`,
    {
      details: now?.quarantine.map(({ image }) => `${image} is in quarantine: it is not started there again`) ?? [],
      hint: `ingot logs ${service} --in ${environment}; ingot status --environment ${environment} --watch`,
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

function superseded({ environment, service, number }: Release, by: number): IngotError {
  return new IngotError(
    "rollout-cancelled",
    `release ${by} of ${service} in ${environment} has taken over from release ${number}`,
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
