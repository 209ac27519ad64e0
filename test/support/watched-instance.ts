import { readFileSync } from "node:fs";
import type { Context } from "../../src/ground/context.ts";
import type { WatchedInstance } from "../../src/guard/guard.ts";
import type { ImageSource } from "../../src/runtime/content/image-source.ts";
import { runtimePaths } from "../../src/runtime/paths.ts";
import type { InstanceId } from "../../src/runtime/runtime.ts";
import { writableOf } from "../../src/runtime/writable.ts";

/** An instance that runs, as a controller would have it watched; only told of. */
export function watchedInstance(
  ctx: Context,
  image: ImageSource,
  { id, pid, service = "web" }: { readonly id: InstanceId; readonly pid: number; readonly service?: string },
): WatchedInstance {
  const paths = runtimePaths(ctx.home);
  const recorded = JSON.parse(readFileSync(paths.contentRecord(image.digest), "utf8")) as { sha256: string };
  return {
    id,
    environment: "test",
    service,
    release: 1,
    image: image.digest,
    pid,
    cgroup: paths.cgroup(id),
    content: { path: paths.contentFile(image.digest), sha256: recorded.sha256 },
    writable: writableOf(image.digest, image.config).map(({ path }) => path),
    mode: "observe",
    exceptions: [],
  };
}
