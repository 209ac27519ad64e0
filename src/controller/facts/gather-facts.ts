import { shortId } from "../../evidence/keys/key-folder.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { ImageFacts } from "../../policy/policy.ts";
import { repositoriesOf } from "../state/registry.ts";
import { environmentsOf } from "../state/releases.ts";
import { revocationsOf } from "../state/revocations.ts";
import { findFallen, findNewest, listUncounted, listUndated, type AcceptedStatement } from "../state/statements.ts";
import { findAuthors } from "./find-authors.ts";
import { findMakers } from "./find-makers.ts";
import { foldApprovals } from "./fold-approvals.ts";

/** What is verified about an image, by the state alone: two machines with the same ledger decide the same. */
export function gatherFacts(state: Database, digest: string): ImageFacts {
  const accepted = listUndated(state, digest);
  const { authors, strangers } = findAuthors(state, digest, accepted);
  const [scan, tests] = [findNewest(state, digest, "scan"), findNewest(state, digest, "tests")];
  const newest = [scan, tests].flatMap((one) => one ?? []);
  const fallen = [
    ...(scan === undefined ? [findFallen(state, digest, "scan")] : []),
    ...(tests === undefined ? [findFallen(state, digest, "tests")] : []),
  ].flatMap((one) => one ?? []);
  const standing = [...accepted.filter(({ keyStatus }) => keyStatus !== "revoked"), ...newest];
  return {
    digest,
    repositories: repositoriesOf(state, digest),
    statements: findMakers(standing),
    // Also of revoked keys: whoever made it once is its author for ever.
    authors,
    ...(strangers.length === 0 ? {} : { strangers }),
    ...toScan(scan),
    ...toTests(tests),
    approvals: foldApprovals(standing),
    revocations: revocationsOf(state, digest),
    releases: environmentsOf(state, digest),
    uncounted: [
      ...listUncounted(state, digest).map(({ kind, reason }) => ({ kind, reason })),
      ...[...accepted, ...newest, ...fallen].flatMap((one) => explainFallen(one)),
    ],
  };
}

/** Where the last word was deleted nothing counts. Attack: who may delete takes the failed test away, and the passed one before it counts again. */
function toScan(newest: AcceptedStatement | undefined): Pick<ImageFacts, "scan"> {
  return newest?.facts.kind === "scan" && !newest.isDeleted ? { scan: newest.facts.scan } : {};
}

function toTests(newest: AcceptedStatement | undefined): Pick<ImageFacts, "tests"> {
  if (newest?.facts.kind !== "tests" || newest.isDeleted) return {};
  const { passed, finished, failed } = newest.facts;
  return { tests: { passed, finished, failed } };
}

/** What counted when it came in and does not now. */
function explainFallen({
  kind,
  key,
  principal,
  keyStatus,
  isDeleted,
  facts,
}: AcceptedStatement): ImageFacts["uncounted"] {
  if (keyStatus === "revoked") return [{ kind, reason: `the key ${shortId(key)} of ${principal} is revoked` }];
  if (isDeleted) return [{ kind, reason: `the statement of ${principal} was deleted` }];
  if (facts.kind === "none" && facts.no !== undefined) return [{ kind, reason: facts.no }];
  return [];
}
