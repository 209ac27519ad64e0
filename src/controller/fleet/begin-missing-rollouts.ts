import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import { system } from "../events/events.ts";
import { listCurrent } from "../state/releases.ts";
import { rolloutOfRelease } from "../state/rollouts.ts";
import { beginRollout } from "./begin-rollout.ts";
import { makeSpec } from "./release-specs.ts";

/** Releases from before rollouts were kept are to run, too: each current one that was never rolled out begins to be. One that could not run is told, and left to a person. */
export async function beginMissingRollouts(controller: Controller): Promise<void> {
  await controller.ledger.transact((state) => {
    const missing = listCurrent(state).filter((release) => rolloutOfRelease(state, release) === undefined);
    const usable = missing.filter((release) => canRun(controller.ctx, release));
    const events = usable.flatMap((release) => beginRollout(state, { actor: system, release, kind: "deploy" }));
    return { events, result: undefined };
  });
}

function canRun(ctx: Context, release: Parameters<typeof makeSpec>[1]): boolean {
  try {
    makeSpec(ctx, release);
    return true;
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    ctx.report.warn(error.message);
    return false;
  }
}
