import type { Database } from "../../ledger/projection/database.ts";
import type { ImageFacts } from "../../policy/policy.ts";
import { repositoriesOf } from "../state/registry.ts";
import { environmentsOf } from "../state/releases.ts";
import { revocationsOf } from "../state/revocations.ts";
import { listAccepted, listUncounted, type AcceptedStatement } from "../state/statements.ts";
import { findAuthors } from "./find-authors.ts";
import { findMakers } from "./find-makers.ts";
import { foldApprovals } from "./fold-approvals.ts";
import { findNewest } from "./find-newest.ts";

/** What is verified about an image, by the state alone: two machines with the same ledger decide the same. */
export function gatherFacts(state: Database, digest: string): ImageFacts {
  const accepted = listAccepted(state, digest);
  const standing = accepted.filter(({ keyStatus }) => keyStatus !== "revoked");
  const scan = findNewest(standing, "scan");
  const tests = findNewest(standing, "tests");
  return {
    digest,
    repositories: repositoriesOf(state, digest),
    statements: findMakers(standing),
    // Also of revoked keys: whoever made it once is its author for ever.
    authors: findAuthors(state, digest, accepted),
    ...(scan === undefined ? {} : { scan: scan.scan }),
    ...(tests === undefined ? {} : { tests: { passed: tests.passed, finished: tests.finished, failed: tests.failed } }),
    approvals: foldApprovals(standing),
    revocations: revocationsOf(state, digest),
    releases: environmentsOf(state, digest),
    uncounted: [
      ...listUncounted(state, digest).map(({ kind, reason }) => ({ kind, reason })),
      ...accepted.flatMap((one) => explainFallen(one)),
    ],
  };
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
  if (keyStatus === "revoked") return [{ kind, reason: `the key ${key.slice(0, 12)} of ${principal} is revoked` }];
  if (isDeleted) return [{ kind, reason: `the statement of ${principal} was deleted` }];
  if (facts.kind === "none" && facts.no !== undefined) return [{ kind, reason: facts.no }];
  return [];
}
