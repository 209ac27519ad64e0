import type { Database } from "../../ledger/projection/database.ts";
import type { ImageFacts } from "../../policy/policy.ts";
import { findIdentityByEmail } from "../state/identities.ts";
import { repositoriesOf } from "../state/registry.ts";
import { environmentsOf } from "../state/releases.ts";
import { revocationsOf } from "../state/revocations.ts";
import { listAccepted, listUncounted, type AcceptedStatement } from "../state/statements.ts";
import { foldApprovals } from "./fold-approvals.ts";

/** What is verified about an image, by the state alone. */
export function gatherFacts(state: Database, digest: string): ImageFacts {
  const accepted = listAccepted(state, digest);
  const standing = accepted.filter(({ keyStatus }) => keyStatus !== "revoked");
  const counted = standing.filter((one) => one.facts.kind !== "none" || one.facts.no === undefined);
  return {
    digest,
    repositories: repositoriesOf(state, digest),
    statements: groupByKind(counted),
    authors: findAuthors(state, digest, standing),
    ...newest(standing, "scan", ({ scan }) => ({ scan })),
    ...newest(standing, "tests", ({ passed, finished, failed }) => ({ tests: { passed, finished, failed } })),
    approvals: foldApprovals(standing),
    revocations: revocationsOf(state, digest),
    releases: environmentsOf(state, digest),
    uncounted: [
      ...listUncounted(state, digest).map(({ kind, reason }) => ({ kind, reason })),
      ...accepted
        .filter((one) => one.keyStatus === "revoked")
        .map(({ kind, key }) => ({ kind, reason: `its key ${key.slice(0, 12)} is revoked` })),
    ],
  };
}

function groupByKind(statements: readonly AcceptedStatement[]): ImageFacts["statements"] {
  const known = statements.flatMap((one) => (one.kind === "other" ? [] : [{ kind: one.kind, by: one.principal }]));
  return [...Map.groupBy(known, ({ kind }) => kind)].map(([kind, made]) => ({
    kind,
    by: [...new Set(made.map(({ by }) => by))].toSorted(),
  }));
}

/** Who pushed it, whose builder's key signed it, and who wrote the commit. None of them may approve it. */
function findAuthors(state: Database, digest: string, statements: readonly AcceptedStatement[]): readonly string[] {
  const pushers = state.all<{ pushed_by: string }>("SELECT DISTINCT pushed_by FROM manifests WHERE digest = ?", digest);
  const builders = statements.filter(({ role }) => role === "builder").map(({ principal }) => principal);
  const writers = statements.flatMap(({ facts }) =>
    facts.kind === "provenance" ? facts.authors.flatMap((email) => findIdentityByEmail(state, email) ?? []) : [],
  );
  return [...new Set([...pushers.map(({ pushed_by }) => pushed_by), ...builders, ...writers])].toSorted();
}

type Facts = AcceptedStatement["facts"];

/** Of what is found out anew each time, the last word counts: the one that says the latest time, and of two such the one that came in last. */
function newest<K extends Facts["kind"], R extends object>(
  statements: readonly AcceptedStatement[],
  kind: K,
  take: (facts: Extract<Facts, { kind: K }>) => R,
): R | object {
  const fitting = statements.filter(({ facts }) => facts.kind === kind);
  const last = fitting.toSorted((a, b) => timeOf(a) - timeOf(b) || a.event - b.event).at(-1);
  return last === undefined ? {} : take(last.facts as Extract<Facts, { kind: K }>);
}

function timeOf({ facts, made }: AcceptedStatement): number {
  if (facts.kind === "scan") return facts.scan.finished;
  if (facts.kind === "tests") return facts.finished;
  return Date.parse(made ?? "") || 0;
}
