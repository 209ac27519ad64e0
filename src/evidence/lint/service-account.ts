import type { ImageConfig } from "../../oci/image-config.ts";

/** An account of the image that is not root, with all groups that it is in. */
export type ServiceAccount = { readonly name: string; readonly uid: number; readonly gids: readonly number[] };

/**
 * Who an instance runs as, from the configuration's `User` (image-spec config.md: name or number, a group after a colon) and the image's own accounts.
 * Undefined for root and for a name that the image does not know, which does not start anyway.
 */
export function findServiceAccount(
  config: ImageConfig,
  files: { readonly passwd: string; readonly group: string },
): ServiceAccount | undefined {
  const [user = "", group] = (config.config?.User ?? "").split(":");
  const entry = linesOf(files.passwd).find(([name, , uid]) => name === user || uid === user);
  const uid = entry === undefined ? Number(user || "0") : Number(entry[2]);
  if (!Number.isSafeInteger(uid) || uid === 0) return undefined;
  const name = entry?.[0] ?? user;
  const groups = linesOf(files.group);
  const primary =
    group === undefined ? Number(entry?.[3] ?? 0) : Number(groups.find(([one]) => one === group)?.[2] ?? group);
  const further = groups
    .filter(([, , , members]) => members?.split(",").includes(name))
    .map(([, , gid]) => Number(gid));
  return { name, uid, gids: [...new Set([primary, ...further])].filter(Number.isSafeInteger) };
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split("\n").map((line) => line.split(":"));
}
