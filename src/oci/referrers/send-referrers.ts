import type { Context } from "../../ground/context.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { parseImageManifest } from "../manifest.ts";
import { readReferrers, type ReferrerList } from "../referrers.ts";
import type { Repository } from "../registry.ts";
import { inParallel } from "../registry/in-parallel.ts";
import type { FetchedManifest } from "../registry/manifests.ts";
import type { Referrer, SkippedReferrer } from "./check-referrer.ts";
import { countOnce, sayStatements } from "./count-once.ts";
import { reasonOf, warnSkipped } from "./warn-skipped.ts";

/**
 * Sends what is attached to an image of a layout, and returns how many of it the registry has afterwards. What is broken in the layout is named as a warning
 * and left out. Throws `referrers-unusable` where the registry's own list is no list: writing over it would lose what others attached.
 */
export async function sendReferrers(
  context: Pick<Context, "report">,
  { layout, subject }: { readonly layout: Layout; readonly subject: Digest },
  repository: Repository,
): Promise<number> {
  const { referrers, skipped } = readList(layout, subject);
  const problems: SkippedReferrer[] = [...skipped];
  const wanted = referrers.length === 0 ? [] : await notThere(repository, subject, referrers);
  const sender: Sender = { layout, repository, sent: new Set() };
  const manifests: FetchedManifest[] = [];
  const sent: Referrer[] = [];
  const options = { total: wanted.length, unit: "items" } as const;
  const task = wanted.length > 0 ? context.report.task("sending statements", options) : undefined;
  await inParallel(wanted, 3, async (referrer) => {
    const result = await sendParts(sender, referrer);
    if ("reason" in result) problems.push(result);
    else {
      manifests.push(result);
      sent.push(referrer);
    }
    task?.advance(1);
  });
  await repository.pushReferrers(subject, manifests);
  const before = referrers.filter((referrer) => !wanted.includes(referrer));
  task?.done(`${sayStatements(sent)} sent, ${countOnce(before)} were there`);
  warnSkipped(context, subject, problems);
  return countOnce([...before, ...sent]);
}

function readList(layout: Layout, subject: Digest): ReferrerList {
  try {
    return readReferrers(layout, subject);
  } catch (error) {
    return { referrers: [], skipped: [{ digest: "everything", reason: reasonOf(error) }] };
  }
}

async function notThere(repository: Repository, subject: Digest, referrers: readonly Referrer[]): Promise<Referrer[]> {
  const { listed } = await repository.listReferrers(subject);
  const claimed = new Set(listed.map(({ digest }) => digest));
  const missing = referrers.filter(({ descriptor }) => !claimed.has(descriptor.digest));
  // A list may name what was deleted there since.
  const candidates = referrers.filter(({ descriptor }) => claimed.has(descriptor.digest));
  await inParallel(candidates, 3, async (referrer) => {
    if (!(await repository.hasManifest(referrer.descriptor.digest))) missing.push(referrer);
  });
  return missing;
}

type Sender = { readonly layout: Layout; readonly repository: Repository; readonly sent: Set<Digest> };

async function sendParts(sender: Sender, { descriptor }: Referrer): Promise<FetchedManifest | SkippedReferrer> {
  const { layout, repository, sent } = sender;
  const content = layout.readBlob(descriptor.digest);
  const { config, layers } = parseImageManifest(content);
  for (const { digest, size } of [config, ...layers]) {
    // Every artifact has the same empty configuration.
    if (sent.has(digest)) continue;
    const reason = reasonAgainstPart(layout, digest, size);
    if (reason !== undefined) return { digest: descriptor.digest, reason };
    await repository.uploadBlob({ digest, path: layout.blobPath(digest) });
    sent.add(digest);
  }
  return { descriptor, content };
}

function reasonAgainstPart(layout: Layout, digest: Digest, size: number): string | undefined {
  if (layout.blobSize(digest) === size) return undefined;
  try {
    layout.readBlob(digest);
    return `its part ${digest} has not the ${size} bytes that it should`;
  } catch (error) {
    return reasonOf(error);
  }
}
