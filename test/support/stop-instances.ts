import { rmSync } from "node:fs";
import { releaseUnusedContent } from "../../src/runtime/collect-content.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";
import type { TestHome } from "./runtime-image.ts";

/** Stops everything of a test's home and removes it. */
export async function removeTestHome({ ctx, home }: TestHome): Promise<void> {
  const runtime = runcRuntime(ctx);
  for (const { id } of await runtime.list()) await runtime.stop(id, { grace: 0 });
  await releaseUnusedContent(ctx);
  rmSync(runtimePaths(home).run, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}
