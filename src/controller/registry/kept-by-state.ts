import type { Database } from "../../ledger/projection/database.ts";
import type { Digest } from "../../oci/digest.ts";
import { isListed } from "../state/registry-lists.ts";
import type { Links } from "./links.ts";

/** What garbage collection must leave: everything that a manifest of any repository lists, every image that was released, and what was uploaded after `since` and waits for its manifest. */
export function keptBy(
  state: Database,
  links: Links,
  { since }: { /** Milliseconds since 1970. */ readonly since: number },
): (digest: Digest) => boolean {
  const waiting = new Set(links.list().flatMap(({ digest, made }) => (made >= since ? [digest] : [])));
  return (digest) =>
    waiting.has(digest) ||
    isListed(state, digest) ||
    state.get("SELECT 1 FROM releases WHERE image = ? LIMIT 1", digest) !== undefined;
}
