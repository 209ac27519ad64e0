import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { readInventory } from "../inventory/read-inventory.ts";

/** The formats of bills of materials, as the command line calls them. */
export const sbomFormats = ["cyclonedx", "spdx"] as const;
export type SbomFormat = (typeof sbomFormats)[number];

/** The predicate of a statement: the document itself. */
export async function makeSbom(inventory: Inventory, format: SbomFormat): Promise<object> {
  // Each loads what the other does not need.
  if (format === "spdx") return (await import("./spdx.ts")).makeSpdx(inventory);
  return (await import("./cyclonedx.ts")).makeCycloneDx(inventory);
}

/** The bill of materials of an image of the store. Throws what `readInventory` throws. */
export async function readSbom(
  ctx: Pick<Context, "home" | "signal">,
  image: { readonly layout: Layout; readonly digest: Digest },
  format: SbomFormat,
): Promise<object> {
  return makeSbom(await readInventory(ctx, image), format);
}

/** Canonical JSON: the same text for the same document. */
export function canonicalText(document: object): string {
  return canonicalJson(document).toString();
}

/** Throws `usage` for a word that is no format. */
export function parseSbomFormat(word: string): SbomFormat {
  const format = sbomFormats.find((one) => one === word);
  if (format !== undefined) return format;
  throw new IngotError("usage", `"${word}" is no format of a bill of materials`, {
    hint: `one of: ${sbomFormats.join(", ")}`,
  });
}
