import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageConfig } from "../../oci/image-config.ts";
import { writablePaths } from "../../oci/labels.ts";
import { layerIndex, type LayerIndex } from "../../oci/layer/layer-index.ts";
import { readLayerFiles } from "../../oci/layer/read-layer-files.ts";
import { mergeLayers } from "../../oci/layer/tree-view.ts";
import type { Layout } from "../../oci/layout.ts";
import { layerBlobs, readImage } from "../../oci/read-image.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { CheckResult } from "../tests/test-result.ts";
import { findServiceAccount } from "./service-account.ts";
import { excuse, type LintException } from "./exceptions.ts";
import type { Lint, LintSubject } from "./lint.ts";
import { lints } from "./lints.ts";

export type LintOptions = Pick<LintSubject, "without" | "files" | "listening"> & {
  readonly inventory: Inventory;
  readonly exceptions: readonly LintException[];
};

/** Holds an image to every lint; one result a lint, in their order. Throws what reading a damaged image throws. */
export async function lintImage(
  ctx: Context,
  image: { readonly layout: Layout; readonly digest: Digest },
  { exceptions, inventory, ...facts }: LintOptions,
): Promise<readonly CheckResult[]> {
  const { manifest, config } = readImage(image.layout, image.digest);
  const source = { layout: image.layout, layers: layerBlobs(manifest, config, image.digest) };
  const indexes: LayerIndex[] = [];
  for (const layer of source.layers) indexes.push(await layerIndex(ctx, layer));
  const tree = mergeLayers(indexes);
  const ownerOf = ownership(inventory);
  const wanted = [...worthReading(indexes, ownerOf), ...accountFiles];
  const read = await readLayerFiles(ctx, { ...source, largest }, wanted);
  const contents = new Map([...read].filter(([path]) => !accountFiles.includes(path)));
  const account = accountOf(config, read);
  const writable = writablePaths(config);
  const subject = { tree, inventory, config, ownerOf, contents, writable, ...facts, ...(account && { account }) };
  return lints.map((lint) => judge(lint, subject, exceptions));
}

const accountFiles: readonly string[] = ["etc/passwd", "etc/group"];

function accountOf(config: ImageConfig, read: ReadonlyMap<string, Buffer>): LintSubject["account"] {
  const [passwd = "", group = ""] = accountFiles.map((path) => read.get(path)?.toString());
  return findServiceAccount(config, { passwd, group });
}

function ownership(inventory: Inventory): (path: string) => string | undefined {
  const owners = new Map(inventory.debian.flatMap(({ name, files }) => files.map((path) => [path, name] as const)));
  return (path) => owners.get(path);
}

/** Larger files are archives, databases and programs; a key or a token in one of them would not be found by its text. */
const largest = 1 << 20;

/**
 * The files in which a secret may be: those of no package, a package's configuration where a person or a script may have written it, and whatever a later layer puts
 * in the place of a package's file. A layer that holds nothing but files of packages is as the packages ship it, and need not be unpacked for this.
 */
function worthReading(layers: readonly LayerIndex[], ownerOf: LintSubject["ownerOf"]): readonly string[] {
  const replaced = replacedPaths(layers);
  const isShippedLayer = (layer: LayerIndex) =>
    filesIn(layer).every(({ path }) => ownerOf(path) !== undefined && !replaced.has(path));
  // The size of a hard link is that of its first name, which may be in another layer.
  const files = layers
    .filter((layer) => !isShippedLayer(layer))
    .flatMap(filesIn)
    .filter(({ type, size }) => type === "hardlink" || (size > 0 && size <= largest));
  return [...new Set(files.map(({ path }) => path))].filter((path) => replaced.has(path) || !isShipped(path, ownerOf));
}

/** What more than one layer has: a package brings a file once. */
function replacedPaths(layers: readonly LayerIndex[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const replaced = new Set<string>();
  for (const layer of layers) {
    const paths = new Set(filesIn(layer).map(({ path }) => path));
    for (const path of paths) if (seen.has(path)) replaced.add(path);
    for (const path of paths) seen.add(path);
  }
  return replaced;
}

function filesIn(layer: LayerIndex): LayerIndex {
  return layer.filter(({ type }) => type === "file" || type === "hardlink");
}

/** Programs, libraries and manuals of a package, and dpkg's own database. */
function isShipped(path: string, ownerOf: LintSubject["ownerOf"]): boolean {
  const isDatabase =
    /^var\/lib\/dpkg\/(?:(?:status|available|diversions|statoverride)(?:-old)?|(?:info|status\.d)\/[^/]+)$/.test(path);
  return isDatabase || (ownerOf(path) !== undefined && /^(?:usr|lib\w*|s?bin)\//.test(path));
}

function judge(lint: Lint, subject: LintSubject, exceptions: readonly LintException[]): CheckResult {
  const begun = performance.now();
  const own = exceptions.filter((one) => one.lint === lint.name);
  const off = own.find(({ paths }) => paths === undefined);
  const base = { kind: "lint", name: lint.name } as const;
  if (off) return { ...base, outcome: "skipped", duration: 0, message: `switched off: ${off.reason}` };
  const found = lint.check(subject);
  const duration = Math.round(performance.now() - begun);
  if ("skipped" in found) return { ...base, outcome: "skipped", duration, message: found.skipped };
  const { findings, excused, unused } = excuse(found, own);
  if (findings.length > 0)
    return {
      ...base,
      outcome: "failed",
      duration,
      message: `${lint.rule}; found ${findings.length}; what to do: ${lint.advice}`,
      findings,
    };
  const notes = [
    ...(excused > 0 ? [`${excused} excused: ${own.map(({ reason }) => reason).join("; ")}`] : []),
    ...(unused.length > 0 ? [`no longer needed in lints: ${unused.join(", ")}`] : []),
  ];
  return { ...base, outcome: "passed", duration, ...(notes.length > 0 && { message: notes.join(". ") }) };
}
