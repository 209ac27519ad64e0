import type { Context } from "../../ground/context.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { parseImageManifest } from "../manifest.ts";
import type { ImageSource } from "../receive-image.ts";
import { attachReferrers, readReferrers } from "../referrers.ts";
import { inParallel } from "../registry/in-parallel.ts";
import type { ListedReferrers } from "../registry/list-referrers.ts";
import { checkReferrer, reasonAgainst, type Referrer, type SkippedReferrer } from "./check-referrer.ts";
import { countOnce, sayStatements } from "./count-once.ts";
import { reasonOf, warnSkipped } from "./warn-skipped.ts";

/**
 * Copies what is attached to an image, which is in the layout already, and returns how many of it are there afterwards. What is broken is named as a warning
 * and left out; a network that fails is an error.
 */
export async function receiveReferrers(
  context: Pick<Context, "report">,
  layout: Layout,
  { source, subject }: { readonly source: ImageSource; readonly subject: Digest },
): Promise<number> {
  const { listed, skipped } = await list(source, subject);
  const problems: SkippedReferrer[] = [...skipped];
  const missing = notThere(layout, subject, listed);
  const received: Referrer[] = [];
  const task = missing.length > 0 ? context.report.task("receiving statements", taskOf(missing)) : undefined;
  await inParallel(missing, 3, async (entry) => {
    const result = await receiveOne(layout, source, { entry, subject });
    if ("reason" in result) problems.push(result);
    else received.push(result);
    task?.advance(1);
  });
  const added = received.map(({ descriptor }) => descriptor);
  if (added.length > 0) await attachReferrers(layout, subject, added);
  const isMissing = new Set(missing.map(({ digest }) => digest));
  const isListed = new Set(listed.map(({ digest }) => digest));
  const there = readReferrers(layout, subject).referrers.filter(({ descriptor: { digest } }) => isListed.has(digest));
  const before = there.filter(({ descriptor: { digest } }) => !isMissing.has(digest));
  task?.done(`${sayStatements(received)} received, ${countOnce(before)} were there`);
  warnSkipped(context, subject, problems);
  return countOnce(there);
}

function taskOf(missing: readonly Descriptor[]): { total: number; unit: "items" } {
  return { total: missing.length, unit: "items" };
}

async function list(source: ImageSource, subject: Digest): Promise<ListedReferrers> {
  try {
    return await source.listReferrers(subject);
  } catch (error) {
    return { listed: [], skipped: [{ digest: "everything", reason: reasonOf(error) }] };
  }
}

/** What is listed and not whole in the layout. What is there is renewed, so that it is not swept meanwhile. */
function notThere(layout: Layout, subject: Digest, listed: readonly Descriptor[]): Descriptor[] {
  const present = new Set(readReferrers(layout, subject).referrers.map(({ descriptor }) => descriptor.digest));
  return listed.filter(({ digest, size }) => {
    if (!present.has(digest) || !layout.renewBlob(digest, size)) return true;
    return !partsOf(layout.readBlob(digest)).every((part) => layout.renewBlob(part.digest, part.size));
  });
}

async function receiveOne(
  layout: Layout,
  source: ImageSource,
  { entry, subject }: { readonly entry: Descriptor; readonly subject: Digest },
): Promise<Referrer | SkippedReferrer> {
  const reason = reasonAgainst(entry);
  if (reason !== undefined) return { digest: entry.digest, reason };
  try {
    const { content } = await source.fetchManifest(entry.digest);
    const checked = checkReferrer(entry, content, subject);
    if ("reason" in checked) return checked;
    for (const part of partsOf(content)) await receivePart(layout, source, part);
    layout.putBlob(content);
    return checked;
  } catch (error) {
    return { digest: entry.digest, reason: reasonOf(error) };
  }
}

async function receivePart(layout: Layout, source: ImageSource, { digest, size, ...rest }: Descriptor): Promise<void> {
  if (layout.renewBlob(digest, size)) return;
  await layout.putBlobStream(source.streamBlob({ digest, size, ...rest }), { digest, size });
}

/** Configuration and layers of an artifact. */
function partsOf(manifest: Buffer): readonly Descriptor[] {
  const { config, layers } = parseImageManifest(manifest);
  return [config, ...layers];
}
