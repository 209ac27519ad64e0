import { IngotError } from "../../ground/error.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf, isDigest, type Digest } from "../digest.ts";
import { mediaTypes } from "../media-types.ts";
import { describeAttached } from "../referrers/describe-attached.ts";
import {
  addReferrers,
  claimedDigest,
  listOf,
  referrersContent,
  referrersName,
  type ReferrersIndex,
} from "../referrers/referrers-index.ts";
import { pause } from "./http.ts";
import { inParallel } from "./in-parallel.ts";
import { fetchList } from "./list-referrers.ts";
import { hasManifest, putManifest, type FetchedManifest } from "./manifests.ts";
import type { Target } from "./whole-answer.ts";

/** Sends a manifest. Where it is attached to something and the registry does not see to that, the list under the subject's tag is written too. */
export async function pushManifest(target: Target, tagOrDigest: string, manifest: FetchedManifest): Promise<void> {
  const { isListed } = await putManifest(target, tagOrDigest, manifest);
  const attached = isListed ? undefined : describeAttached(manifest.content, manifest.descriptor);
  if (attached !== undefined) await updateList(target, attached.subject, [attached.descriptor]);
}

/** Sends manifests that are attached to one image, by their digests; the list is written once for all. */
export async function pushReferrers(
  target: Target,
  subject: Digest,
  manifests: readonly FetchedManifest[],
): Promise<void> {
  const unlisted: Descriptor[] = [];
  await inParallel(manifests, 3, async (manifest) => {
    const { isListed } = await putManifest(target, manifest.descriptor.digest, manifest);
    const attached = describeAttached(manifest.content, manifest.descriptor);
    if (!isListed && attached?.subject === subject) unlisted.push(attached.descriptor);
  });
  if (unlisted.length > 0) await updateList(target, subject, unlisted);
}

/**
 * Adds to the list under the image's tag (distribution-spec, "Pushing Manifests with Subject"). Entries of others stay. The specification knows no lock, so
 * who writes at the same moment may win: the list is read again until everything is in it, and not before those who had read it earlier have
 * written theirs.
 */
async function updateList(target: Target, subject: Digest, added: readonly Descriptor[]): Promise<void> {
  const { context, http, repository, retry } = target;
  const { delay = 250 } = retry;
  for (let round = 0; round <= maximumRounds; round++) {
    const begun = Date.now();
    const list = await fetchList(target, subject);
    const known = new Set(list.manifests.map((entry) => String(canonicalJson(entry))));
    if (added.every((entry) => known.has(String(canonicalJson(entry))))) return;
    await putList(target, subject, addReferrers(list, added));
    // As long as another takes, at a guess, from its reading to its writing; and two that began together must not go on together.
    await pause(context, Math.max(delay, 2 * (Date.now() - begun)) + delay * 2 ** round * Math.random());
  }
  const where = listOf(subject, `${http.endpoint.registry}/${repository}`);
  throw new IngotError("registry-failed", `${where} was written ${maximumRounds} times, and each time by another too`, {
    hint: "run the same command again when the others are done",
  });
}

const maximumRounds = 8;

async function putList(target: Target, subject: Digest, list: ReferrersIndex): Promise<void> {
  try {
    await putContent(target, subject, list);
  } catch (error) {
    if (!(error instanceof IngotError && ["registry-failed", "registry-missing"].includes(error.code))) throw error;
    // A registry refuses a list that names what was deleted there since.
    const whole = await withoutDeleted(target, list);
    if (whole.manifests.length === list.manifests.length) throw error;
    await putContent(target, subject, whole);
  }
}

async function putContent(target: Target, subject: Digest, list: ReferrersIndex): Promise<void> {
  const where = listOf(subject, `${target.http.endpoint.registry}/${target.repository}`);
  const content = referrersContent({ ...list, mediaType: mediaTypes.imageIndex }, where);
  const descriptor = { mediaType: mediaTypes.imageIndex, digest: digestOf(content), size: content.length };
  await putManifest(target, referrersName(subject), { descriptor, content });
}

async function withoutDeleted(target: Target, list: ReferrersIndex): Promise<ReferrersIndex> {
  const gone = new Set<unknown>();
  await inParallel(list.manifests, 3, async (entry) => {
    const digest = claimedDigest(entry);
    if (!isDigest(digest) || !(await hasManifest(target, digest))) gone.add(entry);
  });
  return { ...list, manifests: list.manifests.filter((entry) => !gone.has(entry)) };
}
