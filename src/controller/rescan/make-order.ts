import { isDigest, type Digest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { listStatementKeys } from "../state/identities.ts";
import { findNewest, listAccepted, type AcceptedStatement } from "../state/statements.ts";
import type { RunningImage } from "./list-running.ts";
import type { ScanOrder } from "./scan-order.ts";
import { ownScanner } from "./scanner-identity.ts";

/** Milliseconds for which a scan stands for a later one that says the same. */
const goodFor = 12 * 3_600_000;

/** What the process that scans is told of an image: of its statements only what counts now. */
export function makeOrder({ ctx, ledger }: Controller, { image, repository }: RunningImage): ScanOrder {
  const { state } = ledger;
  const now = ledger.now();
  const accepted = listAccepted(state, image).filter(
    ({ keyStatus, isDeleted }) => keyStatus !== "revoked" && !isDeleted,
  );
  const former = accepted
    .filter(isScanOfOthers)
    .toSorted((a, b) => finishedOf(a) - finishedOf(b))
    .at(-1);
  const newest = findNewest(state, image, "scan");
  const isYoung = newest !== undefined && !newest.isDeleted && now.getTime() - finishedOf(newest) * 1000 < goodFor;
  return {
    home: ctx.home,
    now: now.toISOString(),
    image,
    name: repository,
    keys: listStatementKeys(state)
      .filter(({ use, status }) => use === "scanner" && status !== "revoked")
      .map(({ id, pem }) => ({ id, pem })),
    exceptions: accepted.filter(({ kind }) => kind === "vex").map(manifestOf),
    ...(former === undefined ? {} : { former: manifestOf(former) }),
    ...(isYoung ? { newest: manifestOf(newest) } : {}),
  };
}

/** Not of our own. Attack: exceptions of a stolen key, which our scan took over, would hold on when the key is revoked. */
function isScanOfOthers({ facts, principal }: AcceptedStatement): boolean {
  return facts.kind === "scan" && principal !== ownScanner;
}

function finishedOf({ facts }: AcceptedStatement): number {
  return facts.kind === "scan" ? facts.scan.finished : 0;
}

function manifestOf({ manifest }: AcceptedStatement): Digest {
  if (!isDigest(manifest)) throw new TypeError(`the record names ${manifest} as a manifest`);
  return manifest;
}
