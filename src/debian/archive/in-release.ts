import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Suite } from "../suite.ts";
import type { PlannedSuite } from "./archive-plan.ts";
import { hideCredentials } from "./credentials.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import type { Keyring } from "./keyring.ts";
import { readSuiteRecord, type SuiteRecord } from "./lists-cache.ts";
import { parseRelease, type Release } from "./release.ts";
import { isCode } from "./retry.ts";
import { verifySignedText } from "./signature.ts";
import { uriOf, type Patience } from "./transfer.ts";

export type ListRequest = {
  readonly planned: PlannedSuite;
  /** Root of the archive at one mirror. */
  readonly root: string;
  readonly architecture: string;
  readonly keyring: Keyring;
  readonly enforceValidUntil: boolean;
  /** ISO 8601: an older list is refused; from the lock. */
  readonly notBefore: string | undefined;
  readonly patience: Patience;
};

/** A suite's signed list, verified, and what to remember of it once its indexes are there too. */
export type SuiteList = {
  readonly suite: Suite;
  readonly release: Release;
  readonly record: Omit<SuiteRecord, "indexes">;
};

/** More than ten times what Debian's largest has. */
const largestList = 4 << 20;

/**
 * Fetches and verifies the InRelease of a suite at one mirror; an unchanged one comes from the cache and is verified
 * all the same. `fresh` asks for the whole file, past every cache. Throws the errors of `verifySignedText` and
 * `parseRelease`, and `archive-rolled-back`.
 */
export async function readList(ctx: Context, request: ListRequest, options: { fresh: boolean }): Promise<SuiteList> {
  const { planned, root } = request;
  const seen = readSuiteRecord({ home: ctx.home, root, suite: planned.suite });
  const known = options.fresh ? undefined : seen;
  const uri = uriOf(root, `dists/${planned.suite}/InRelease`);
  const answer = await fetchList(ctx, uri, { ...request, known });
  if (answer.kind === "content") {
    const list = await verifyList(ctx, answer.bytes, { ...request, uri, headers: answer.headers });
    checkNotOlder(ctx, list, { seen: seen?.date, locked: request.notBefore });
    return list;
  }
  try {
    const list = await verifyList(ctx, Buffer.from(known?.inRelease ?? "", "latin1"), { ...request, uri });
    checkNotOlder(ctx, list, { seen: undefined, locked: request.notBefore });
    return { ...list, record: { ...list.record, ...validatorsOf(known) } };
  } catch (error) {
    // A damaged cache must not block what the mirror has in good order.
    if (error instanceof IngotError) return readList(ctx, request, { fresh: true });
    throw error;
  }
}

async function fetchList(ctx: Context, uri: string, request: ListRequest & { known: SuiteRecord | undefined }) {
  const { known, patience, planned } = request;
  const headers: Record<string, string> = { "cache-control": known ? "max-age=0" : "no-cache" };
  if (known?.etag !== undefined) headers["if-none-match"] = known.etag;
  else if (known?.lastModified !== undefined) headers["if-modified-since"] = known.lastModified;
  try {
    return await fetchBytes(ctx, uri, { limit: largestList, headers, patience });
  } catch (error) {
    if (!isCode(error, ["download-missing"])) throw error;
    throw new IngotError(
      "download-missing",
      `there is no suite ${planned.suite} at ${request.root} (${error.message})`,
      {
        cause: error,
        hint: `check the name behind debian: in base, and the mirror, which is from ${planned.from}`,
      },
    );
  }
}

async function verifyList(
  ctx: Context,
  bytes: Buffer,
  request: ListRequest & { readonly uri: string; readonly headers?: Headers },
): Promise<SuiteList> {
  const { planned, architecture, enforceValidUntil, keyring, root, uri: where } = request;
  const now = ctx.now();
  const { text, signedBy } = await verifySignedText(bytes.toString("utf8"), { keyring, now, where });
  const release = parseRelease(text, { ...planned, architecture, now, enforceValidUntil, where });
  const date = release.date.toISOString();
  const suite: Suite = {
    archive: planned.archive,
    suite: planned.suite,
    components: planned.components,
    digest: digestOf(bytes),
    date,
    ...(release.validUntil === undefined ? {} : { validUntil: release.validUntil.toISOString() }),
    signedBy,
  };
  const validators = {
    etag: request.headers?.get("etag") ?? undefined,
    lastModified: request.headers?.get("last-modified") ?? undefined,
  };
  const record = {
    root: hideCredentials(root),
    suite: planned.suite,
    date,
    inRelease: bytes.toString("latin1"),
    ...validatorsOf(validators),
  };
  return { suite, release, record };
}

function validatorsOf(from: { etag?: string | undefined; lastModified?: string | undefined } | undefined) {
  const etag = from?.etag === undefined ? {} : { etag: from.etag };
  return from?.lastModified === undefined ? etag : { ...etag, lastModified: from.lastModified };
}

/**
 * V1. Not older than what was seen. Attack: a mirror, or someone before it, serves an old but genuine list that lacks
 * a fix.
 */
function checkNotOlder(
  ctx: Context,
  { suite }: SuiteList,
  before: { readonly seen: string | undefined; readonly locked: string | undefined },
): void {
  if (ctx.env.INGOT_ALLOW_OLDER_ARCHIVE === "1") return;
  const newest = [before.seen, before.locked]
    .filter((date) => date !== undefined)
    .toSorted()
    .at(-1);
  if (newest === undefined || suite.date >= newest) return;
  const origin = newest === before.locked ? "the lock" : "an earlier reading of this mirror";
  throw new IngotError(
    "archive-rolled-back",
    `the list of ${suite.suite} is from ${suite.date}, but ${origin} has one from ${newest}`,
    { hint: "use a mirror that is up to date; when the older list is wanted, set INGOT_ALLOW_OLDER_ARCHIVE=1" },
  );
}
