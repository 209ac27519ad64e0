import type { EvidenceItem } from "../../evidence/evidence.ts";
import { openFeeds } from "../../evidence/feeds/open-feeds.ts";
import { readInventory } from "../../evidence/inventory/read-inventory.ts";
import type { Finding, ScanResult } from "../../evidence/scan/finding.ts";
import { noteNoSuite, openSuite } from "../../evidence/scan/open-suite.ts";
import { scanImage } from "../../evidence/scan/scan-image.ts";
import { readAttachedVex } from "../../evidence/vex/read-attached.ts";
import type { Context } from "../../ground/context.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { openStore, type Layout } from "../../oci/layout.ts";
import { holdExceptions } from "./hold-exceptions.ts";
import { readStatementOf } from "./read-statement-of.ts";
import type { Scanned, ScanOrder } from "./scan-order.ts";

/** Scans an image of the store by all that is known now. Throws what its parts throw: a source that cannot be asked is never a shorter list. */
export async function scanStored(ctx: Context, order: ScanOrder): Promise<Scanned> {
  const layout = openStore(ctx);
  const image = { layout, digest: order.image, name: order.name };
  const inventory = await readInventory(ctx, image);
  const feeds = await openFeeds(ctx);
  const suite = await openSuite(ctx, inventory);
  const attached = readAttachedVex(order.exceptions.map((manifest) => readException(layout, manifest, order)));
  const found = await scanImage(
    ctx,
    { ...image, inventory },
    {
      advisories: [...(suite === undefined ? [] : [suite]), ...feeds.advisories],
      sources: feeds.sources,
      exploited: feeds.exploited,
      epss: feeds.epss,
      exceptions: attached.statements,
      notes: [...(suite === undefined ? noteNoSuite(inventory) : []), ...feeds.notes, ...attached.notes],
    },
  );
  const former = order.former === undefined ? undefined : readScan(layout, order.former, order);
  const result = holdExceptions(found, { former: former?.findings ?? [], now: ctx.now() });
  const newest = order.newest === undefined ? undefined : readScan(layout, order.newest, order);
  return { result, isSame: newest !== undefined && saysTheSame(newest, result) };
}

function readException(layout: Layout, manifest: ScanOrder["exceptions"][number], order: ScanOrder): EvidenceItem {
  const { statement, key } = readStatementOf(layout, manifest, order);
  const { predicateType } = statement;
  const owner = { id: key, role: "scanner", pem: "", from: "the record" } as const;
  return { manifest, predicateType, kind: "vex", status: "checked", statement, key: owner };
}

type Said = Pick<ScanResult, "sources" | "findings">;

/** Undefined: it is another tool's record, which says nothing that could be compared. */
function readScan(layout: Layout, manifest: ScanOrder["exceptions"][number], order: ScanOrder): Said | undefined {
  const { predicate } = readStatementOf(layout, manifest, order).statement;
  const { scanner } = (predicate ?? {}) as { readonly scanner?: { readonly uri?: unknown; readonly result?: unknown } };
  if (typeof scanner?.uri !== "string" || !scanner.uri.startsWith("pkg:generic/ingot@")) return undefined;
  const { sources, findings } = (scanner.result ?? {}) as { readonly sources?: unknown; readonly findings?: unknown };
  if (!Array.isArray(sources) || !Array.isArray(findings) || !findings.every(isFinding)) return undefined;
  return { sources: sources as Said["sources"], findings };
}

/** As far as it is read here. A scanner whose word counts wrote it, perhaps one of another release. */
function isFinding(value: unknown): value is Finding {
  const { id, package: found, exception } = (value ?? {}) as Partial<Finding>;
  const isException = exception === undefined || (typeof exception === "object" && exception !== null);
  return typeof id === "string" && typeof found === "object" && found !== null && isException;
}

function saysTheSame(one: Said, other: Said): boolean {
  return textOf(one).equals(textOf(other));
}

function textOf({ sources, findings }: Said): Buffer {
  return canonicalJson({ sources, findings });
}
