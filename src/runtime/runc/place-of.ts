import { existsSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { hexOf } from "../../oci/digest.ts";
import { recordedChecksum } from "../content/content.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId, InstancePlace } from "../runtime.ts";
import { livingRecord } from "./known-instance.ts";

/** Where a living instance is on this host. */
export function placeOf(ctx: Pick<Context, "home">, id: InstanceId): InstancePlace {
  const paths = runtimePaths(ctx.home);
  const { image, writable = [], running } = livingRecord(paths, id);
  const path = paths.contentFile(image);
  const sha256 = existsSync(path) ? recordedChecksum(ctx, image) : undefined;
  return {
    pid: running.process.pid,
    cgroup: paths.cgroup(id),
    ...(sha256 === undefined ? {} : { content: { path, sha256: hexOf(sha256) } }),
    writable,
  };
}
