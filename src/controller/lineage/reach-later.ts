import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { EventData } from "../events/events.ts";
import { fromJson } from "../state/from-json.ts";
import type { FoundRevoked } from "../statements/extract/sbom.ts";
import { isBuiltOn, type Sources } from "./layers.ts";
import { recordReached } from "./reached.ts";
import { spread, withMembers } from "./spread.ts";

/** What follows for an image that is pushed after something that it is built on was revoked. To be recorded together with the push. */
export function reachPush(sources: Sources, pushed: EventData["manifest.pushed"]): readonly NewEvent[] {
  const { digest, base, kind, blobs, manifests } = pushed;
  if (!isAnythingRevoked(sources.state)) return [];
  if (kind === "index") {
    return [...follow(sources, manifests, { digest, word: "lists", layers: [] }), ...reachMembers(sources, pushed)];
  }
  if (kind !== "image") return [];
  // The first is the configuration.
  const layers = blobs.slice(1);
  const built = [...(base === undefined ? [] : [base]), ...findLower(sources.state, layers)];
  return follow(sources, built, { digest, word: "built on", layers });
}

/** Attack, or bad luck: an index is revoked by its digest before it is here, and then pushed. What it lists is revoked with it, as when it was there before. */
function reachMembers(
  sources: Sources,
  { digest: index, manifests }: Pick<EventData["manifest.pushed"], "digest" | "manifests">,
): readonly NewEvent[] {
  const revocations = sources.state.all<{ revocation: number }>(
    "SELECT i.revocation FROM revoked_images i JOIN revocations r ON r.event = i.revocation WHERE i.digest = ? AND i.parent IS NULL AND r.kind = 'image' ORDER BY i.revocation",
    index,
  );
  return revocations.flatMap(({ revocation }) => {
    const isNew = (digest: string): boolean => !isReachedBy(sources.state, digest, revocation);
    const members = spread(sources, withMembers(sources.state, manifests));
    return recordReached(
      revocation,
      members.filter(({ digest }) => digest !== index && isNew(digest)),
    );
  });
}

/** What follows from a statement that counts, for its image and for what is built on that: the packages in it that are revoked, and the bases that it names. */
export function reachStatement(
  sources: Sources,
  { subject, facts }: Pick<EventData["statement.accepted"], "subject" | "facts">,
  revoked: readonly FoundRevoked[],
): readonly NewEvent[] {
  const known = new Set(revocationsReaching(sources.state, subject));
  const having = revoked.filter(({ revocation }) => !known.has(revocation));
  const bases = facts.kind === "provenance" && isAnythingRevoked(sources.state) ? facts.bases : [];
  return [
    ...having.flatMap(({ revocation, found }) =>
      recordReached(revocation, spread(sources, [{ digest: subject, how: `has ${found.name} ${found.version}` }])),
    ),
    ...follow(sources, bases, { digest: subject, word: "built on" }),
  ];
}

type Follower = { readonly digest: string; readonly word: string; readonly layers?: readonly string[] };

/** Every revocation of a parent is one of the child, and of what is built on the child already: manifests come in any order. */
function follow(sources: Sources, parents: readonly string[], { digest, word, layers }: Follower): readonly NewEvent[] {
  const byRevocation = new Map<number, string>();
  for (const parent of parents) {
    if (parent === digest) continue;
    for (const revocation of revocationsReaching(sources.state, parent)) byRevocation.set(revocation, parent);
  }
  const known = new Set(revocationsReaching(sources.state, digest));
  return [...byRevocation].flatMap(([revocation, parent]) => {
    if (known.has(revocation)) return [];
    const [first, ...others] = spread(sources, [{ digest, how: `${word} ${shortDigest(parent)}`, parent }]);
    // An index is reached by what it lists, and nothing by the index.
    const rest = word === "lists" ? [] : others.filter((one) => !isReachedBy(sources.state, one.digest, revocation));
    return first === undefined
      ? []
      : recordReached(revocation, [{ ...first, layers: layers ?? first.layers }, ...rest]);
  });
}

function isAnythingRevoked(state: Database): boolean {
  return state.get("SELECT 1 AS yes FROM revoked_images LIMIT 1") !== undefined;
}

/** Of images alone: that a key signed the base says nothing about who signed what is built on it. */
function revocationsReaching(state: Database, digest: string): readonly number[] {
  return state
    .all<{ revocation: number }>(
      "SELECT i.revocation FROM revoked_images i JOIN revocations r ON r.event = i.revocation WHERE i.digest = ? AND r.kind <> 'key' ORDER BY i.revocation",
      digest,
    )
    .map(({ revocation }) => revocation);
}

function isReachedBy(state: Database, digest: string, revocation: number): boolean {
  const row = state.get("SELECT 1 AS yes FROM revoked_images WHERE digest = ? AND revocation = ?", digest, revocation);
  return row !== undefined;
}

/** Revoked images whose layers are the lowest of these. */
function findLower(state: Database, layers: readonly string[]): readonly string[] {
  const [lowest] = layers;
  if (lowest === undefined) return [];
  return state
    .all<{ digest: string; layers: string }>(
      "SELECT DISTINCT digest, layers FROM revoked_images WHERE lowest = ? ORDER BY digest",
      lowest,
    )
    .filter((one) => isBuiltOn(layers, fromJson<readonly string[]>(one.layers)))
    .map(({ digest }) => digest);
}
