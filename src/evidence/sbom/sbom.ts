import type { Context } from "../../ground/context.ts";
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

/** The bill of materials of an image of the store as text: canonical JSON and a newline, the same bytes for the same image. Throws what `readInventory` throws. */
export async function printSbom(
  ctx: Pick<Context, "home" | "signal">,
  image: { readonly layout: Layout; readonly digest: Digest },
  format: SbomFormat,
): Promise<string> {
  const document = await makeSbom(await readInventory(ctx, image), format);
  return `${canonicalJson(document).toString()}\n`;
}
