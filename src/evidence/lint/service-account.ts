import { findUserEntry, parseGroup, parseId, parsePasswd } from "../../oci/account-files.ts";
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
  const entry = findUserEntry(parsePasswd(files.passwd), user);
  const uid = entry?.uid ?? parseId(user);
  if (uid === undefined || uid === 0) return undefined;
  const name = entry?.name ?? user;
  const groups = parseGroup(files.group);
  const primary =
    group === undefined ? (entry?.gid ?? 0) : (parseId(group) ?? groups.find((one) => one.name === group)?.gid);
  const further = groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
  return { name, uid, gids: [...new Set([...(primary === undefined ? [] : [primary]), ...further])] };
}
