import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { openSigner, type Signer } from "../evidence/keys/signer.ts";
import { shortId } from "../evidence/keys/key-folder.ts";
import { builderKeyId } from "../evidence/keys/builder-key-id.ts";
import type { PassphraseOptions } from "../evidence/keys/passphrase.ts";
import { statementKinds } from "../evidence/evidence.ts";
import { openCommitted } from "../evidence/provenance/committed-file.ts";
import { findClaimedProvenance, findProvenance, type FoundProvenance } from "../evidence/provenance/find-provenance.ts";
import { gatherSources } from "../evidence/provenance/gather-sources.ts";
import { makeRebuildPredicate } from "../evidence/provenance/rebuild-statement.ts";
import { attest } from "../evidence/statement/attest.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { present } from "../ground/present.ts";
import { readVersion } from "../ground/version.ts";
import { compareAcross } from "../image/compare-images.ts";
import { compareLayers, type LayerChange } from "../image/compare-layers.ts";
import type { ImageDiff } from "../image/image-diff.ts";
import { buildProject } from "../image/image.ts";
import { parseLock } from "../image/lock-file.ts";
import { compatibility, type Lock } from "../image/lock.ts";
import { copyBase } from "../image/pull-base.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { openStore } from "../oci/layout.ts";
import { parseEmbeddedProject } from "../project/embedded-project.ts";
import { findImageName } from "./find-image-name.ts";
import { locateProject } from "./open-project.ts";
import { findTrust, readProjectTrust, type TrustOptions } from "./read-project-trust.ts";
import { withRebuildHome, type RebuildHome } from "./rebuild-home.ts";
import { warnUntrusted } from "./warn-untrusted.ts";

export type RebuildOptions = TrustOptions &
  PassphraseOptions & {
    /** Folders to look for source files in, before the project's own. */
    readonly source?: readonly string[];
    readonly home?: string;
    readonly unverified?: boolean;
    readonly sign: boolean;
  };

export type RebuildResult = {
  readonly name: string;
  readonly digest: Digest;
  /** What the second build came to. */
  readonly rebuilt: Digest;
  readonly isIdentical: boolean;
  readonly provenance: { readonly manifest: Digest; readonly key?: string };
  /** Of the statement that was signed. */
  readonly statement?: Digest;
  readonly layers: readonly LayerChange[];
  readonly difference?: ImageDiff;
  readonly seconds: number;
};

/**
 * Builds an image of the store again from what its own provenance says, in a home of its own, and compares digests. Signs only that they are the same. Throws
 * what `findProvenance` and `buildProject` throw, `rebuild-source-missing`, `rebuilder-is-builder`, `lock-incompatible`.
 */
export async function runRebuild(ctx: Context, text: string, options: RebuildOptions): Promise<RebuildResult> {
  const startedOn = ctx.now();
  const name = await findImageName(ctx, text, options);
  const image = openStore(ctx).resolveReference(name);
  const found = await openProvenance(ctx, image, options);
  const { recipe } = found;
  assertSameRelease(recipe);
  // Before the work: who may not sign at the end shall know at the beginning.
  const signer = await openRebuilder(ctx, found, options);
  return await withRebuildHome(ctx, options, async (home) => {
    const rebuilt = await buildAgain(home, { ctx, image, found, options });
    const finishedOn = ctx.now();
    const isIdentical = rebuilt === image.digest;
    const times = { startedOn, finishedOn };
    const statement =
      isIdentical && signer !== undefined ? await sign(ctx, { signer, image, name, found, ...times }) : undefined;
    return {
      name,
      digest: image.digest,
      rebuilt,
      isIdentical,
      provenance: { manifest: found.manifest, ...(found.key && { key: found.key.id }) },
      ...(statement && { statement }),
      ...(await describeDifference({ ctx, home }, image.digest, rebuilt)),
      seconds: (finishedOn.getTime() - startedOn.getTime()) / 1000,
    };
  });
}

async function openProvenance(ctx: Context, image: Descriptor, options: RebuildOptions): Promise<FoundProvenance> {
  const layout = openStore(ctx);
  if (!options.unverified) return findProvenance(layout, image.digest, (await readProjectTrust(ctx, options)).keys);
  ctx.report.warn("the provenance is not verified: whoever attached it decides what is built, and nothing is signed");
  return findClaimedProvenance(layout, image.digest);
}

function assertSameRelease({ compatibility: theirs, ingot }: FoundProvenance["recipe"]): void {
  if (theirs === compatibility) return;
  throw new IngotError(
    "lock-incompatible",
    `the image was built by Ingot ${ingot} with compatibility ${theirs}; this Ingot builds compatibility ${compatibility}`,
    { hint: `rebuild it with Ingot ${ingot}: this release would make other bytes of the same lock` },
  );
}

/** The key that will confirm it; undefined where nothing is to be signed. Attack: a builder who confirms himself. */
async function openRebuilder(
  ctx: Context,
  { key }: FoundProvenance,
  options: RebuildOptions,
): Promise<Signer | undefined> {
  if (!options.sign || key === undefined) return undefined;
  const signer = await openSigner(ctx, "rebuilder", options);
  if (signer === undefined) {
    ctx.report.info("nothing will be signed: there is no rebuilder's key; next: ingot key generate rebuilder");
    return undefined;
  }
  if (signer.key.id !== key.id && signer.key.id !== builderKeyId(ctx)) {
    warnUntrusted(ctx, signer.key, await findTrust(ctx, options));
    return signer;
  }
  throw new IngotError(
    "rebuilder-is-builder",
    `the rebuilder's key ${shortId(signer.key.id)} is the builder's: a second build confirms nothing by the same word`,
    { hint: "rebuild where the builder's key is not: ingot key rotate rebuilder makes another key" },
  );
}

type Again = {
  readonly ctx: Context;
  readonly image: Descriptor;
  readonly found: FoundProvenance;
  readonly options: RebuildOptions;
};

async function buildAgain(home: RebuildHome, { ctx, image, found: { recipe }, options }: Again): Promise<Digest> {
  const layout = openStore(ctx);
  const folders = [...(options.source ?? []).map((folder) => givenFolder(ctx, folder)), ...findFolder(ctx, options)];
  using committed = await openCommitted(ctx, folders);
  const { commit } = recipe;
  const places = {
    folders,
    readCommitted: async (path: string) =>
      commit === undefined ? undefined : committed.read(commit.id, `${commit.folder}${path}`),
    image: { layout, digest: image.digest },
  };
  const onlyThere = await gatherSources(ctx, recipe.sources, { places, target: home.project });
  if (onlyThere.length > 0) ctx.report.warn(fromImageAlone(onlyThere));
  const project = parseEmbeddedProject(recipe.definition, home.project);
  const lock = parseLock(recipe.lock, "the lock in the provenance");
  await copyBases(ctx, home, lock);
  const [built] = await buildProject(home.ctx, { project, lock }, { images: [recipe.image], useCache: false });
  return present(built, `the image ${recipe.image}`).digest;
}

/** Attack: a builder who puts a file into an image and names it as a source; it comes out the same again, since it comes out of the image. */
function fromImageAlone(paths: readonly string[]): string {
  const [first, second, third, ...more] = paths.map((path) => JSON.stringify(path));
  const shown = [first, second, third].filter((path) => path !== undefined).join(", ");
  const rest = more.length === 0 ? "" : ` and ${more.length} more`;
  return `taken from the image itself, for no folder or commit here has them: ${shown}${rest}; look at them, or name where they come from with --source`;
}

function givenFolder(ctx: Context, folder: string): string {
  const path = resolve(ctx.cwd, folder);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new IngotError("usage", `--source names ${path}, which is no folder`, { hint: "ingot rebuild --help" });
}

/** The folder of the project that the person stands in. */
function findFolder(ctx: Context, { file }: RebuildOptions): readonly string[] {
  try {
    return [dirname(locateProject(ctx, file === undefined ? {} : { file }).path)];
  } catch (error) {
    if (error instanceof IngotError && error.code === "definition-missing") return [];
    throw error;
  }
}

/** Images of registries that are at hand need no registry: their digest is in the lock. */
async function copyBases(ctx: Context, home: RebuildHome, lock: Lock): Promise<void> {
  const layouts = { from: openStore(ctx), to: openStore(home.ctx) };
  for (const { base } of Object.values(lock.images)) if (base.kind === "oci") await copyBase(ctx, layouts, base);
}

type Confirmed = {
  readonly signer: Signer;
  readonly image: Descriptor;
  readonly name: string;
  readonly found: FoundProvenance;
  readonly startedOn: Date;
  readonly finishedOn: Date;
};

async function sign(ctx: Context, { signer, image, name, found, startedOn, finishedOn }: Confirmed): Promise<Digest> {
  const ingot = readVersion();
  const facts = { provenance: found.manifest, ingot, compatibility, startedOn, finishedOn };
  const predicate = makeRebuildPredicate(facts);
  const { predicateType } = statementKinds.rebuild;
  const about = { layout: openStore(ctx), image, name };
  return (await attest(ctx, about, { predicateType, predicate, signer })).manifest;
}

async function describeDifference(
  { ctx, home }: { readonly ctx: Context; readonly home: RebuildHome },
  digest: Digest,
  rebuilt: Digest,
): Promise<Pick<RebuildResult, "layers" | "difference">> {
  if (digest === rebuilt) return { layers: [] };
  const [first, second] = [
    { ctx, image: digest },
    { ctx: home.ctx, image: rebuilt },
  ] as const;
  return { layers: compareLayers(first, second), difference: await compareAcross(first, second) };
}
