import { once } from "node:events";
import { Readable } from "node:stream";
import type { ImageInspectInfo } from "dockerode";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { openStore } from "../../oci/layout.ts";
import { imageSource, type ImageSource } from "../content/image-source.ts";
import { reach, reasonOf, statusOf, type Daemon } from "./daemon.ts";
import { dockerArchive } from "./docker-archive.ts";

/** Where the engine may fetch an image: `registry/name@sha256:…`, and what it says there who it is. */
export type RegistryAccess = (
  image: Digest,
) => Promise<{ readonly reference: string; readonly username: string; readonly password: string }>;

export type DaemonImage = {
  readonly id: string;
  readonly volumes: readonly string[];
  readonly layers: readonly string[];
};

/**
 * An image by the digest of its manifest, as the engine has it: what it has by that digest, else what it pulls by it, else what is loaded from the store. Throws `image-not-runnable`.
 */
export async function useDaemonImage(
  ctx: Context,
  daemon: Daemon,
  image: Digest,
  registry?: RegistryAccess,
): Promise<DaemonImage> {
  const there = await findByDigest(daemon, image);
  if (there !== undefined) return there;
  if (registry !== undefined) return pull(ctx, daemon, image, registry);
  const stored = storedImage(ctx, image);
  if (stored === undefined) throw missing(daemon, image, "it is not in the store either");
  const id = stored.manifestConfig;
  return (await inspect(daemon, id)) ?? load(daemon, stored.source, id);
}

type Stored = { readonly source: ImageSource; readonly manifestConfig: Digest };

/** Undefined when the store has no such image. */
export function storedImage(ctx: Context, image: Digest): Stored | undefined {
  const layout = openStore(ctx);
  if (!layout.hasBlob(image)) return undefined;
  const { config } = JSON.parse(layout.readBlob(image).toString("utf8")) as { config: { digest: Digest } };
  return { source: imageSource(ctx, image), manifestConfig: config.digest };
}

async function findByDigest(daemon: Daemon, image: Digest): Promise<DaemonImage | undefined> {
  const all = await reach(daemon.socket, () => daemon.api.listImages({ digests: true }));
  const found = all.find(({ RepoDigests }) => RepoDigests?.some((name) => name.endsWith(`@${image}`)) === true);
  return found === undefined ? undefined : inspect(daemon, found.Id);
}

async function inspect(daemon: Daemon, name: string): Promise<DaemonImage | undefined> {
  try {
    return describe(await reach(daemon.socket, () => daemon.api.getImage(name).inspect()));
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function describe(found: ImageInspectInfo): DaemonImage {
  const data = (found.GraphDriver as { Data?: Record<string, string> } | undefined)?.Data ?? {};
  const lower = data["LowerDir"]?.split(":") ?? [];
  const layers = data["UpperDir"] === undefined ? [] : [data["UpperDir"], ...lower];
  return { id: found.Id, volumes: Object.keys(found.Config?.Volumes ?? {}), layers };
}

/** The engine checks what it pulls by digest against it. */
async function pull(ctx: Context, daemon: Daemon, image: Digest, registry: RegistryAccess): Promise<DaemonImage> {
  const { reference, username, password } = await registry(image);
  if (!reference.endsWith(`@${image}`))
    throw new IngotError("internal-error", `expected a reference to ${image}, got ${reference}`);
  try {
    const authconfig = { username, password, serveraddress: reference.split("/")[0] ?? "" };
    const progress = await reach(daemon.socket, () =>
      daemon.streams.pull(reference, { authconfig, abortSignal: ctx.signal }),
    );
    await readProgress(progress);
  } catch (error) {
    if (error instanceof IngotError && error.code !== "image-not-runnable") throw error;
    throw missing(daemon, image, `${reference.split("@")[0]} refused it: ${reasonOf(error)}`);
  }
  const found = await inspect(daemon, reference);
  if (found === undefined) throw missing(daemon, image, "the pull ended without it");
  return found;
}

async function load(daemon: Daemon, source: ImageSource, id: Digest): Promise<DaemonImage> {
  const archive = Readable.from(dockerArchive(source), { objectMode: false });
  try {
    await readProgress(await reach(daemon.socket, () => daemon.streams.loadImage(archive, { quiet: true })));
  } catch (error) {
    if (error instanceof IngotError && error.code !== "image-not-runnable") throw error;
    throw missing(daemon, source.digest, `it could not be loaded: ${reasonOf(error)}`);
  }
  const found = await inspect(daemon, id);
  if (found === undefined) throw missing(daemon, source.digest, "loading it gave another image");
  return found;
}

const mostProgress = 1 << 20;

/** One JSON object a line; a failure is one of them, after the status 200. */
async function readProgress(stream: NodeJS.ReadableStream): Promise<void> {
  let text = "";
  stream.on("data", (chunk: Buffer) => (text = (text + chunk.toString("utf8")).slice(-mostProgress)));
  await once(stream, "end");
  for (const line of text.split("\n")) {
    const failure = /"error":\s*("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
    if (failure !== undefined)
      throw new IngotError("image-not-runnable", reasonOf(new Error(String(JSON.parse(failure)))));
  }
}

function missing(daemon: Daemon, image: Digest, why: string): IngotError {
  return new IngotError(
    "image-not-runnable",
    `the engine at ${daemon.socket} does not have the image ${image}: ${why}`,
    {
      hint: "ingot images lists what the store has; ingot pull fetches an image into it",
    },
  );
}
