import type { Database } from "../../ledger/projection/database.ts";
import { listIdentitiesByEmail } from "../state/identities.ts";
import { listPushers } from "../state/pushers.ts";
import type { AcceptedStatement } from "../state/statements.ts";

/** Who made an image: who pushed it, whose builder's key signed it, and who wrote or committed the source by a registered address. None of them may approve it. */
export function findAuthors(
  state: Database,
  digest: string,
  statements: readonly AcceptedStatement[],
): readonly string[] {
  const builders = statements.filter(({ role }) => role === "builder").map(({ principal }) => principal);
  const addresses = new Set(statements.flatMap(({ facts }) => (facts.kind === "provenance" ? facts.authors : [])));
  const writers = [...addresses].flatMap((address) => listIdentitiesByEmail(state, address));
  return [...new Set([...listPushers(state, digest), ...builders, ...writers])].toSorted();
}
