import { setImmediate } from "node:timers/promises";
import { shortId } from "../../evidence/keys/key-folder.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { isIndexType } from "../../oci/media-types.ts";
import type { Controller } from "../controller.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import { PackageLists, type Bill } from "./package-lists.ts";
import type { Reached } from "./reached.ts";
import { spread, withMembers, type Seed } from "./spread.ts";

/** What a revocation would reach. */
export type Reach = {
  readonly reached: readonly Reached[];
  /** Images of the registry of which no bill of materials says whether they have the package. */
  readonly unknown: readonly string[];
  /** Images that are not revoked by it, and lose what the key said of them. */
  readonly losing: readonly { readonly digest: string; readonly kinds: readonly string[] }[];
};

/** Finds what a revocation reaches; called within `ledger.transact`, so that nothing comes in between. */
export type FindReach = (state: Database) => Reach;

/** Reads beforehand what takes time, without keeping others waiting. */
export async function prepareReach(controller: Controller, subject: RevokedSubject): Promise<FindReach> {
  const { store, ledger } = controller;
  if (subject.kind === "image") {
    return (state) => ({ ...nothing, reached: spread({ state, store }, seedsOf(state, subject.digest)) });
  }
  if (subject.kind === "key") return (state) => findSigned(state, subject.id);
  const lists = new PackageLists(controller);
  for (const bill of listBills(ledger.state)) {
    lists.has(bill, subject);
    await setImmediate();
  }
  return (state) => {
    const { seeds, unknown } = findHaving(state, { subject, lists });
    const untold = new Set(unknown);
    // Its own bill of materials says that it does not have the package, or it is a seed. An index has none.
    const isAnswered = (digest: string): boolean => !untold.has(digest);
    return { ...nothing, reached: spread({ state, store }, seeds, isAnswered), unknown };
  };
}

const nothing = { unknown: [], losing: [] } as const;

function seedsOf(state: Database, digest: string): readonly Seed[] {
  const [, ...members] = withMembers(state, [digest]);
  return [{ digest, how: "itself" }, ...members];
}

type Package = Extract<RevokedSubject, { kind: "package" }>;

function findHaving(
  state: Database,
  { subject, lists }: { readonly subject: Package; readonly lists: PackageLists },
): { readonly seeds: readonly Seed[]; readonly unknown: readonly string[] } {
  const how = `has ${subject.name} ${subject.version}`;
  const seeds: Seed[] = [];
  const told = new Set<string>();
  for (const [digest, bills] of Map.groupBy(listBills(state), (bill) => bill.subject)) {
    const answers = bills.map((bill) => lists.has(bill, subject));
    if (answers.includes(true)) seeds.push({ digest, how });
    if (answers.some((answer) => answer !== undefined)) told.add(digest);
  }
  return { seeds, unknown: listImages(state).filter((digest) => !told.has(digest)) };
}

/** Also of keys that are retired; what a revoked key signed may be a lie. */
function listBills(state: Database): readonly Bill[] {
  return state.all<{ manifest: string; subject: string; kind: Bill["kind"] }>(
    `SELECT DISTINCT s.manifest, s.subject, s.kind FROM statements s JOIN keys k ON k.id = s.key AND k.use = s.role
      WHERE s.kind IN ('cyclonedx', 'spdx') AND s.counts = 1 AND k.status <> 'revoked' ORDER BY s.subject, s.manifest`,
  );
}

function listImages(state: Database): readonly string[] {
  return state
    .all<{ digest: string; media_type: string }>(
      "SELECT DISTINCT digest, media_type FROM manifests WHERE kind = 'image' ORDER BY digest",
    )
    .filter(({ media_type }) => !isIndexType(media_type))
    .map(({ digest }) => digest);
}

/** What a builder's key signed is revoked with it, as nobody knows who held the key; what other keys said only stops counting. */
function findSigned(state: Database, id: string): Reach {
  const rows = state.all<{ subject: string; kind: string; role: string }>(
    "SELECT DISTINCT subject, kind, role FROM statements WHERE key = ? AND counts = 1 ORDER BY subject, kind",
    id,
  );
  const bySubject = [...Map.groupBy(rows, ({ subject }) => subject)];
  const isBuilt = (said: typeof rows): boolean => said.some(({ role }) => role === "builder");
  return {
    unknown: [],
    reached: bySubject
      .filter(([, said]) => isBuilt(said))
      .map(([digest]) => ({ digest, how: `signed by key ${shortId(id)}`, layers: [] })),
    losing: bySubject
      .filter(([, said]) => !isBuilt(said))
      .map(([digest, said]) => ({ digest, kinds: said.map(({ kind }) => kind) })),
  };
}
