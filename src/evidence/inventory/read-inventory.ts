import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageConfig } from "../../oci/image-config.ts";
import type { Layout } from "../../oci/layout.ts";
import { layerBlobs, readImage } from "../../oci/read-image.ts";
import type { DebianPackage, Inventory, OperatingSystem } from "./inventory.ts";
import { readDebianPackages } from "./debian-packages.ts";
import { readImageFacts, type ImageFacts } from "./image-facts.ts";
import { ownedByLanguage, readLanguagePackages } from "./language-packages.ts";
import { readOsRelease } from "./os-release.ts";
import { noteUnlisted } from "./package-files.ts";
import { findUnowned } from "./unowned.ts";

/**
 * What is in an image of the store, by its manifest's digest. Nothing of the image is run, and nothing unpacked to disk. Throws `control-malformed` for a
 * damaged list of packages, `layer-malformed`, `tar-malformed`, `store-damaged`.
 */
export async function readInventory(
  ctx: Pick<Context, "home" | "signal">,
  { layout, digest }: { readonly layout: Layout; readonly digest: Digest },
): Promise<Inventory> {
  const { manifest, config } = readImage(layout, digest);
  const image = await readImageFacts(ctx, { layout, layers: layerBlobs(manifest, config, digest) });
  const os = findOsRelease(image);
  const debian = readDebianPackages(image, os);
  const owners = ownersOf(debian);
  const language = readLanguagePackages(image, (path) => owners.get(path));
  const isLanguageFile = ownedByLanguage(image, language);
  return {
    image: digest,
    architecture: debianArchitecture(config),
    ...(config.created !== undefined && { created: config.created }),
    ...(os !== undefined && { os }),
    debian,
    language,
    unowned: findUnowned(image, (path) => owners.has(path) || isLanguageFile(path)),
    notes: notesOf(image, debian),
  };
}

/** os-release(5): the file in /etc comes first, and is a link to the other one as a rule. */
function findOsRelease(image: ImageFacts): OperatingSystem | undefined {
  for (const path of ["etc/os-release", "usr/lib/os-release"]) {
    const fact = image.facts.get(image.follow(path));
    if (fact?.kind === "text") return readOsRelease(fact.text);
  }
  return undefined;
}

function ownersOf(packages: readonly DebianPackage[]): ReadonlyMap<string, string> {
  return new Map(packages.flatMap(({ name, files }) => files.map((path) => [path, name] as const)));
}

/** A million damaged files are a small layer, and must not be a million lines of every report. */
const mostNotes = 50;

function notesOf(image: ImageFacts, debian: readonly DebianPackage[]): readonly string[] {
  const skipped = [...image.facts].flatMap(([path, fact]) => (fact.kind === "skipped" ? [`/${path} ${fact.why}`] : []));
  const unlisted = noteUnlisted(image, new Set(debian.map(({ name }) => name)));
  // A hidden package weighs more than a file that cannot be read.
  const all = [...unlisted.toSorted(), ...skipped.toSorted()];
  const left = all.length - mostNotes;
  return left > 0 ? [...all.slice(0, mostNotes), `and ${left} more of that kind`] : all;
}

/** OCI uses Go's names of architectures, Debian its own. */
function debianArchitecture({ architecture, variant }: Pick<ImageConfig, "architecture" | "variant">): string {
  if (architecture === "arm") return variant === "v7" || variant === undefined ? "armhf" : "armel";
  return debianNames[architecture] ?? architecture;
}

const debianNames: Readonly<Record<string, string>> = {
  "386": "i386",
  ppc64le: "ppc64el",
  mips64le: "mips64el",
  mipsle: "mipsel",
};
