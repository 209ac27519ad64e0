import { mkdirSync, rmSync } from "node:fs";
import { Sandbox } from "../debian/unpack/sandbox.ts";
import { Tree } from "../debian/unpack/tree.ts";
import { openLayout } from "../oci/layout.ts";
import { CastRun } from "./cast-run.ts";
import type { CastMessage, CastRequest, CastTimings } from "./cast-messages.ts";
import type { CastStageResult } from "./cast-plan.ts";
import { prepareWork } from "./prepare-work.ts";
import { PhaseClock } from "./phase-clock.ts";

/** Does what the plan says, inside the worker. The work folder holds the tree and nothing else that matters. */
export async function runCast(
  { plan, home, work, timeLimit }: CastRequest,
  send: (message: CastMessage) => void,
): Promise<{ results: readonly CastStageResult[]; timings: CastTimings }> {
  const clock = new PhaseClock();
  const { root, node } = prepareWork(work);
  try {
    for (const folder of ["dev", "proc"]) mkdirSync(`${root}/${folder}`, 0o755);
    const sandbox = new Sandbox({ root, node, timeLimit });
    try {
      const run = new CastRun({
        ctx: { home },
        plan,
        layout: openLayout(plan.store),
        tree: new Tree(root),
        sandbox,
        clock,
        send,
      });
      const results = await run.all();
      return { results, timings: clock.timings() };
    } finally {
      sandbox.close();
    }
  } finally {
    // The tmpfs goes with the mount namespace; a folder must be emptied.
    if (work.tmpfs === 0) rmSync(root, { recursive: true, force: true });
  }
}
