import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseStrictJson } from "../../evidence/statement/strict-json.ts";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import { isErrno } from "../../ground/error.ts";
import { hexOf, isDigest } from "../../oci/digest.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import type { Controller } from "../controller.ts";
import { keyOf, listPackages, type ListedPackage } from "../statements/extract/packages.ts";
import { View } from "../statements/extract/view.ts";

/** A bill of materials that counts. `manifest`: what attaches it. */
export type Bill = { readonly manifest: string; readonly subject: string; readonly kind: "cyclonedx" | "spdx" };

/**
 * What bills of materials list, each read once: a search through a thousand images is one through a thousand small files. They are a cache: `$INGOT_HOME/cache/packages` can be taken away at any
 * time.
 */
export class PackageLists {
  readonly #store: Controller["store"];
  readonly #folder: string;

  constructor({ ctx, store }: Pick<Controller, "ctx" | "store">) {
    this.#store = store;
    this.#folder = join(ctx.home, "cache/packages");
  }

  /** Whether a bill lists a package; undefined where it cannot be read any more. */
  has(bill: Bill, wanted: ListedPackage): boolean | undefined {
    return this.#read(bill)?.includes(`\n${keyOf(wanted)}\n`);
  }

  #read(bill: Bill): string | undefined {
    if (!isDigest(bill.manifest)) return undefined;
    const path = join(this.#folder, hexOf(bill.manifest));
    return readIfThere(path) ?? this.#make(bill, path);
  }

  #make(bill: Bill, path: string): string | undefined {
    const packages = readPackages(this.#store, bill);
    if (packages === undefined) return undefined;
    const text = ["", ...packages.map(keyOf), "end", ""].join("\n");
    writeFileAtomic(path, text, { durable: false, mode: 0o600 });
    return text;
  }
}

/** From its attachment to its packages. It was verified when it came in, and its blobs are what their digests say. */
function readPackages(store: Controller["store"], { manifest, kind }: Bill): readonly ListedPackage[] | undefined {
  if (!isDigest(manifest) || !store.hasBlob(manifest)) return undefined;
  const [layer] = parseImageManifest(store.readBlob(manifest)).layers;
  if (layer === undefined || !store.hasBlob(layer.digest)) return undefined;
  const bundle = new View(parseStrictJson(store.readBlob(layer.digest)));
  const payload = bundle.at("dsseEnvelope", "payload").text ?? "";
  const statement = parseStrictJson(Buffer.from(payload, "base64"));
  if (typeof statement !== "object" || statement === null || !("predicate" in statement)) return undefined;
  return listPackages(kind, statement.predicate);
}

/** A cache that was cut off by a power failure has no end. */
function readIfThere(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.endsWith("\nend\n") ? text : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
