import { IngotError } from "../../ground/error.ts";
import { durationPattern, readDuration } from "../../project/scalars.ts";
import { isInstanceId, type InstanceId, type Runtime } from "../../runtime/runtime.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Declare } from "../command.ts";

type StopOptions = { readonly all?: boolean; readonly timeout: string };

/** `ingot stop INSTANCE…`: ends instances and removes everything of them. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[instances...]", "their ids")
    .option("--all", "every instance")
    .option("--timeout <duration>", "how long an instance may take to end by itself, such as 500ms or 30s", "10s")
    .action(
      handle<StopOptions, [readonly string[]]>(async ({ ctx, options }, given) => {
        const runtime = await openRuntime(ctx);
        const ids = await chooseIds(runtime, given, options.all === true);
        const grace = readGrace(options.timeout);
        await stopAll(runtime, ids, grace);
        return { json: { stopped: ids }, text: ids.join("\n") };
      }),
    );
};

async function chooseIds(runtime: Runtime, given: readonly string[], isAll: boolean): Promise<readonly InstanceId[]> {
  if (isAll && given.length > 0) throw new IngotError("usage", "expected either --all or ids, got both");
  const known = (await runtime.list()).map(({ id }) => id);
  if (isAll) return known;
  if (given.length === 0) {
    throw new IngotError("usage", "expected the ids of instances, or --all", { hint: "ingot instances" });
  }
  // All are looked up before the first is stopped: a mistyped id must not leave half of the work done.
  return [...new Set(given)].map((text) => {
    if (isInstanceId(text) && known.includes(text)) return text;
    throw new IngotError("instance-unknown", `there is no instance ${text}; nothing was stopped`, {
      hint: "ingot instances",
      details: known,
    });
  });
}

function readGrace(text: string): number {
  if (durationPattern.test(text)) return readDuration(text);
  throw new IngotError("usage", `expected a duration such as 500ms or 10s for --timeout, got "${text}"`);
}

/** All are tried, also when one cannot be stopped. */
async function stopAll(runtime: Runtime, ids: readonly InstanceId[], grace: number): Promise<void> {
  const results = await Promise.allSettled(ids.map((id) => runtime.stop(id, { grace })));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
