import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { applyExceptions } from "../vex/apply-exceptions.ts";
import type { VexStatement } from "../vex/statement.ts";
import { makeSubject } from "../vex/subject.ts";
import type { Advisories, Finding, InstalledSource, ScanResult, ScanSource } from "./finding.ts";
import { isCve, namesOf } from "./finding-ids.ts";
import { groupInstalled } from "./group-installed.ts";
import { mergeFindings, type SourceFindings } from "./merge-findings.ts";
import { orderFindings } from "./order-findings.ts";
import { findGaps, noteLanguages } from "./scan-gaps.ts";
import { noteLimits } from "./scan-notes.ts";

export type ScannedImage = {
  readonly layout: Layout;
  readonly digest: Digest;
  readonly name?: string;
  /** Where it was read already. */
  readonly inventory?: Inventory;
};

/** Everything that is known about vulnerabilities and who accepts which; `sources` names feeds that are not `advisories`, such as KEV. */
export type ScanKnowledge = {
  readonly advisories: readonly Advisories[];
  readonly sources?: readonly ScanSource[];
  readonly exploited?: (id: string) => string | undefined;
  readonly epss?: (id: string) => Finding["epss"];
  readonly exceptions?: readonly VexStatement[];
  readonly notes?: readonly string[];
};

/** What is wrong with an image, by all that the given sources know, worst first. */
export async function scanImage(ctx: Context, image: ScannedImage, knowledge: ScanKnowledge): Promise<ScanResult> {
  const inventory = image.inventory ?? (await readInventoryOf(ctx, image));
  return scanInventory(
    { now: ctx.now(), ...(image.name === undefined ? {} : { name: image.name }) },
    inventory,
    knowledge,
  );
}

async function readInventoryOf(ctx: Context, { layout, digest }: ScannedImage): Promise<Inventory> {
  const { readInventory } = await import("../inventory/read-inventory.ts");
  return readInventory(ctx, { layout, digest });
}

/** The same from an inventory alone: an image need not be here. */
export async function scanInventory(
  asked: { readonly now: Date; readonly name?: string },
  inventory: Inventory,
  knowledge: ScanKnowledge,
): Promise<ScanResult> {
  const { now, name } = asked;
  const installed = groupInstalled(inventory);
  const said: SourceFindings[] = [];
  // One after another: a source may fetch, and the next is asked with the same memory.
  for (const { source, find } of knowledge.advisories) said.push({ source, findings: await find(installed) });
  const sources = uniqueSources([...knowledge.advisories.map(({ source }) => source), ...(knowledge.sources ?? [])]);
  const rated = mergeFindings(said).map((finding) => rate(finding, knowledge));
  const subject = makeSubject(inventory, name);
  const asking = { inventory, installed, advisories: knowledge.advisories };
  const gaps = findGaps(asking);
  const excepted = applyExceptions(rated, knowledge.exceptions ?? [], { subject, now });
  return {
    image: inventory.image,
    ...(name === undefined ? {} : { name }),
    scanned: now.toISOString(),
    sources,
    packages: countPackages(installed, inventory),
    findings: orderFindings(excepted.findings),
    gaps,
    notes: unique([
      ...gaps,
      ...noteLanguages(asking),
      ...noteLimits(inventory, sources, now),
      ...(knowledge.notes ?? []),
      ...knowledge.advisories.flatMap(({ notes }) => notes?.() ?? []),
      ...excepted.notes,
    ]),
  };
}

function rate(finding: Finding, { exploited, epss }: ScanKnowledge): Finding {
  const ids = namesOf(finding).filter(isCve);
  const days = ids.flatMap((id) => exploited?.(id) ?? []).toSorted();
  const scores = ids.flatMap((id) => epss?.(id) ?? []).toSorted((a, b) => b.score - a.score);
  return {
    ...finding,
    ...(days[0] === undefined ? {} : { knownExploited: days[0] }),
    ...(scores[0] === undefined ? {} : { epss: scores[0] }),
  };
}

function uniqueSources(sources: readonly ScanSource[]): readonly ScanSource[] {
  return [...new Map(sources.map((source) => [`${source.name} ${source.digest}`, source])).values()];
}

function countPackages(installed: readonly InstalledSource[], { debian }: Inventory): ScanResult["packages"] {
  const count = (ecosystem: InstalledSource["ecosystem"]) =>
    installed.filter((one) => one.ecosystem === ecosystem).length;
  // People count what dpkg lists, not sources.
  return { deb: debian.length, npm: count("npm"), pypi: count("pypi"), golang: count("golang") };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
