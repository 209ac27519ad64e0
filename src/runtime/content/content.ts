import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { temporaryPath, writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { withFileLock } from "../../ground/file-lock.ts";
import type { Digest } from "../../oci/digest.ts";
import { runtimePaths } from "../paths.ts";
import { isContentMounted, mountContentFile, unmountContent } from "./content-mount.ts";
import type { ImageSource } from "./image-source.ts";
import { writeContent } from "./write-content.ts";

/** What is kept beside the file of an image's content. */
type ContentRecord = { readonly image: Digest; readonly sha256: Digest; readonly size: number };

const lockWait = 120_000;

/**
 * The folder where an image's content is mounted read-only, shared by all its instances. The first call for an image writes its content as one
 * file; later ones, also after a restart of the host, mount that file. It is hashed before each mount, not synced after writing: a crash
 * or a hand that changed it while no instance ran is found the same way, and it is then written again from the layers.
 */
export async function useContent(ctx: Context, image: ImageSource): Promise<string> {
  const paths = runtimePaths(ctx.home);
  const target = paths.contentMount(image.digest);
  return withFileLock(paths.contentLock(image.digest), () => mounted(ctx, image, target), {
    wait: lockWait,
    what: `the content of ${image.digest}`,
    ctx,
  });
}

async function mounted(ctx: Context, image: ImageSource, target: string): Promise<string> {
  const file = runtimePaths(ctx.home).contentFile(image.digest);
  if (isContentMounted(target, file)) return target;
  if (!(await isWhole(ctx, image.digest))) await createContent(ctx, image);
  mkdirSync(target, { recursive: true });
  await mountContentFile(file, target);
  return target;
}

async function isWhole(ctx: Context, image: Digest): Promise<boolean> {
  if (!existsSync(runtimePaths(ctx.home).contentFile(image))) return false;
  try {
    await verifyContent(ctx, image);
    return true;
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "content-damaged") throw error;
    ctx.report.warn(`${error.message}; it is written again from the image's layers`);
    return false;
  }
}

async function createContent(ctx: Context, image: ImageSource): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const file = paths.contentFile(image.digest);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(paths.contentRecord(image.digest), { force: true });
  const temporary = temporaryPath(file);
  try {
    const size = await writeTo(temporary, image);
    const record: ContentRecord = { image: image.digest, sha256: await hashFile(temporary), size };
    renameSync(temporary, file);
    writeFileAtomic(paths.contentRecord(image.digest), `${JSON.stringify(record)}\n`, { mode: 0o600, durable: false });
  } catch (error) {
    rmSync(temporary, { force: true });
    throw isErrno(error, "ENOSPC") ? diskFull(file, error) : error;
  }
}

async function writeTo(path: string, image: ImageSource): Promise<number> {
  const handle = openSync(path, "wx", 0o600);
  try {
    return await writeContent(handle, image);
  } finally {
    closeSync(handle);
  }
}

/** Checks the kept file of an image's content against the checksum it was written with. Throws `content-damaged`. */
export async function verifyContent(ctx: Context, image: Digest): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const record = readRecord(paths.contentRecord(image));
  const actual = await hashFile(paths.contentFile(image));
  if (record?.sha256 === actual) return;
  throw new IngotError(
    "content-damaged",
    `the content of ${image} has the checksum ${actual}, expected ${record?.sha256 ?? "a record of it, which is missing"}`,
    { hint: "stop its instances; the next ingot run writes it again" },
  );
}

/** What an image's content had for a checksum when it was written; undefined where that was never recorded. */
export function recordedChecksum(ctx: Pick<Context, "home">, image: Digest): Digest | undefined {
  return readRecord(runtimePaths(ctx.home).contentRecord(image))?.sha256;
}

function readRecord(path: string): ContentRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ContentRecord;
  } catch (error) {
    // Cut off by a crash, or never written: both mean that the file beside it cannot be trusted.
    if (error instanceof SyntaxError || isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function hashFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 })) hash.update(piece as Buffer);
  return `sha256:${hash.digest("hex")}` as Digest;
}

/** Unmounts an image's content when `isUsed` says that no instance needs it; asked while nobody else can start one. */
export async function releaseContent(ctx: Context, image: Digest, isUsed: () => boolean): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const options = { wait: lockWait, what: `the content of ${image}` };
  await withFileLock(
    paths.contentLock(image),
    () => void (isUsed() || unmountContent(paths.contentMount(image))),
    options,
  );
}

/** Removes the kept file of an image's content, mounted or not; for `ingot gc`. False when instances use it. */
export async function removeContent(ctx: Context, image: Digest): Promise<boolean> {
  const paths = runtimePaths(ctx.home);
  return withFileLock(
    paths.contentLock(image),
    () => {
      if (isContentMounted(paths.contentMount(image), paths.contentFile(image))) return false;
      rmSync(paths.contentFile(image), { force: true });
      rmSync(paths.contentRecord(image), { force: true });
      return true;
    },
    { wait: lockWait, what: `the content of ${image}`, ctx },
  );
}

function diskFull(file: string, cause: unknown): IngotError {
  return new IngotError("disk-full", `no space is left for the content of an image at ${file}`, {
    hint: "free space, or run: ingot gc",
    cause,
  });
}
