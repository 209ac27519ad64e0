import type { Database } from "../../ledger/projection/database.ts";
import { listIdentitiesByEmail } from "../state/identities.ts";
import { listPushers } from "../state/pushers.ts";
import type { AcceptedStatement } from "../state/statements.ts";

/** `strangers`: addresses that a commit names and nobody is registered with. Whose they are cannot be told, and so not be kept from approving: people are told of them instead. */
export type Authors = { readonly authors: readonly string[]; readonly strangers: readonly string[] };

/** Who made an image: who pushed it, whose builder's key signed it, and who wrote or committed the source by a registered address. None of them may approve it. */
export function findAuthors(state: Database, digest: string, statements: readonly AcceptedStatement[]): Authors {
  const builders = statements.filter(({ role }) => role === "builder").map(({ principal }) => principal);
  const addresses = new Set(statements.flatMap(({ facts }) => (facts.kind === "provenance" ? facts.authors : [])));
  const found = [...addresses].map((address) => ({ address, names: listIdentitiesByEmail(state, address) }));
  const writers = found.flatMap(({ names }) => names);
  return {
    authors: [...new Set([...listPushers(state, digest), ...builders, ...writers])].toSorted(),
    strangers: found.filter(({ names }) => names.length === 0).map(({ address }) => address),
  };
}
