import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { mediaTypes } from "../media-types.ts";
import type { SkippedReferrer } from "../referrers/check-referrer.ts";
import {
  claimedDigest,
  emptyReferrersIndex,
  listOf,
  parseReferrersIndex,
  readEntry,
  referrersName,
  type ReferrersIndex,
} from "../referrers/referrers-index.ts";
import { fetchManifest } from "./manifests.ts";
import { pages } from "./pages.ts";
import type { Target } from "./whole-answer.ts";

/** What a registry says is attached to an image: claims, to be checked against the manifests themselves. */
export type ListedReferrers = {
  /** Each digest once. */
  readonly listed: readonly Descriptor[];
  readonly skipped: readonly SkippedReferrer[];
};

export type ReferrerFilter = { readonly artifactType?: string };

/** By the registry's endpoint (distribution-spec end-12), and where there is none by the tag of the list. Throws `referrers-unusable` where that is no list. */
export async function listReferrers(
  target: Target,
  subject: Digest,
  { artifactType }: ReferrerFilter = {},
): Promise<ListedReferrers> {
  const found = (await listByEndpoint(target, subject, artifactType)) ?? {
    entries: (await fetchList(target, subject)).manifests,
    isFiltered: false,
  };
  const byDigest = new Map(found.entries.map((raw) => [claimedDigest(raw), raw]));
  const listed: Descriptor[] = [];
  const skipped: SkippedReferrer[] = [];
  for (const [digest, raw] of byDigest) {
    const entry = readEntry(raw);
    if (entry === undefined) skipped.push({ digest, reason: "its descriptor is malformed" });
    else if (found.isFiltered || artifactType === undefined || entry.artifactType === artifactType) listed.push(entry);
  }
  return { listed, skipped };
}

/** The list under the tag of the image; an empty one where the registry has no such tag. */
export async function fetchList(target: Target, subject: Digest): Promise<ReferrersIndex> {
  const { registry } = target.http.endpoint;
  try {
    const { descriptor, content } = await fetchManifest(target, referrersName(subject));
    const where = listOf(subject, `${registry}/${target.repository}`);
    if (descriptor.mediaType === mediaTypes.imageIndex) return parseReferrersIndex(content, where);
    throw new IngotError("referrers-unusable", `${where} cannot be used: it is ${descriptor.mediaType}, not an index`, {
      hint: `remove the tag ${referrersName(subject)}, or leave the statements out with --no-evidence`,
    });
  } catch (error) {
    if (error instanceof IngotError && error.code === "registry-missing") return emptyReferrersIndex;
    throw error;
  }
}

type Listing = { readonly entries: readonly unknown[]; readonly isFiltered: boolean };

/** Undefined where the registry has no such endpoint. */
async function listByEndpoint(
  target: Target,
  subject: Digest,
  artifactType: string | undefined,
): Promise<Listing | undefined> {
  const filter = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType }).toString()}`;
  const request = {
    url: `/v2/${target.repository}/referrers/${subject}${filter}`,
    headers: { accept: mediaTypes.imageIndex },
    accept: [200, ...withoutEndpoint],
  };
  const entries: unknown[] = [];
  let isFiltered = artifactType !== undefined;
  let isBegun = false;
  for await (const { response, content } of withWayOut(pages(target, request))) {
    // Some answer with a page for people, or as if the word were part of a repository's name.
    const type = (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
    const isAnswered = response.status === 200 && type === mediaTypes.imageIndex;
    if (!isAnswered && !isBegun) return undefined;
    const where = listOf(subject, `${target.http.endpoint.registry}/${target.repository}`);
    // What came so far is not all: without an error the rest would look as if it had never been.
    if (!isAnswered) throw brokenOff(where, response.status);
    isBegun = true;
    for (const entry of parseReferrersIndex(content, where).manifests) entries.push(entry);
    if (entries.length > maximumEntries) throw tooMany(where);
    isFiltered &&= hasFiltered(response);
  }
  return { entries, isFiltered };
}

/** Some registries let everybody read images, and not what is attached to them. */
async function* withWayOut<T>(answers: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* answers;
  } catch (error) {
    if (!(error instanceof IngotError) || !deniedCodes.has(error.code)) throw error;
    const { message, details, hint } = error;
    const wayOut = "leave the statements out with --no-evidence";
    throw new IngotError(error.code, message, {
      hint: hint === undefined ? wayOut : `${hint}; or ${wayOut}`,
      details,
      cause: error,
    });
  }
}

const deniedCodes: ReadonlySet<string> = new Set(["registry-denied", "policy-denied"]);

/** A registry may ignore the filter; it says when it did not. */
function hasFiltered(response: Response): boolean {
  return /(?:^|,)\s*artifactType\s*(?:,|$)/.test(response.headers.get("oci-filters-applied") ?? "");
}

/** The specification's answer of a registry without the endpoint is 404; these others are given too. */
const withoutEndpoint: readonly number[] = [400, 404, 405, 406, 501];

/** As many as fit in the one list of a registry without the endpoint, several times over. */
const maximumEntries = 100_000;

function brokenOff(where: string, status: number): IngotError {
  return new IngotError("registry-failed", `${where} breaks off: a further page of it was answered with ${status}`, {
    hint: "try again later, or leave the statements out with --no-evidence",
  });
}

function tooMany(where: string): IngotError {
  return new IngotError("referrers-unusable", `${where} has more than ${maximumEntries} entries`, {
    hint: "leave the statements out with --no-evidence",
  });
}
