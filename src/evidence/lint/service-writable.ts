import { formatMode } from "../../ground/format-mode.ts";
import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import { findingAt, isBelow, type Lint, type LintFinding } from "./lint.ts";
import type { ServiceAccount } from "./service-account.ts";

export const serviceWritable: Lint = {
  name: "service-writable",
  rule: "the account that the service runs as could write nothing but what `writable` declares",
  why: "an instance is read-only, but on another engine, or once a mount fails, an attacker in the service could change these and stay",
  advice: "give it to root (chown in `run:`), or declare it in `writable:` if the service must write there",
  check: ({ account, tree, writable }) => {
    if (account === undefined) return { skipped: "the service runs as root: set `user:`" };
    return [...tree.values()]
      .filter(({ path }) => !writable.some((folder) => isBelow(`/${path}`, folder)))
      .flatMap((entry): readonly LintFinding[] => {
        const right = rightOf(entry, account);
        return right === undefined ? [] : [findingAt(entry.path, `${account.name} could write it: ${right}`)];
      });
  },
};

/** Why the account may write; undefined where it may not. What all may write is the lint world-writable's. A link has no mode of its own. */
function rightOf({ type, mode, uid, gid }: LayerIndexEntry, account: ServiceAccount): string | undefined {
  if (type !== "file" && type !== "hardlink" && type !== "directory") return undefined;
  // Its owner can set the bit whenever it likes: chmod(2) asks for nothing else.
  if (uid === account.uid) return `it belongs to it, mode ${formatMode(mode)}`;
  return account.gids.includes(gid) && (mode & 0o020) !== 0
    ? `its group ${gid} may, mode ${formatMode(mode)}`
    : undefined;
}

/** Whether `path` is `folder` or lies in it; both absolute. */
