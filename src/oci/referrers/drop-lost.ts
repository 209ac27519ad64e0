import { IngotError } from "../../ground/error.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { partsOf, readManifest } from "../layout/reachable.ts";
import { withIndexLock } from "../layout/references.ts";
import { namedLists, readList, setList } from "./layout-list.ts";
import { readEntry, type ReferrersIndex } from "./referrers-index.ts";

/**
 * Takes what is no longer whole in a layout out of the lists of what is attached to its images, and makes lost lists again. For after damage was removed: no
 * build brings a lost statement back, so it would be missing for ever.
 */
export async function dropLostReferrers(layout: Layout): Promise<void> {
  await withIndexLock(layout.folder, () => {
    for (const { subject, descriptor } of namedLists(layout.folder)) {
      const list = readListOrNone(layout, subject);
      if (list === undefined) continue;
      const whole = { ...list, manifests: list.manifests.filter((entry) => isWhole(layout, readEntry(entry)?.digest)) };
      const isSame = layout.hasBlob(descriptor.digest) && canonicalJson(whole).equals(canonicalJson(list));
      if (!isSame) setList(layout, subject, whole);
    }
  });
}

function isWhole(layout: Layout, digest: Digest | undefined): boolean {
  const manifest = digest === undefined ? undefined : readManifest(layout, digest);
  return manifest !== undefined && partsOf(manifest).every((part) => layout.hasBlob(part));
}

/** What is no list is for whoever reads it to report; here it is left as it is. */
function readListOrNone(layout: Layout, subject: Digest): ReferrersIndex | undefined {
  try {
    return readList(layout, subject);
  } catch (error) {
    if (error instanceof IngotError && error.code === "referrers-unusable") return undefined;
    throw error;
  }
}
