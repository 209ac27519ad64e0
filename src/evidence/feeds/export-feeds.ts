import { createHash } from "node:crypto";
import { closeSync, createReadStream, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncFolder, temporaryPath } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { blockSize, paddingOf } from "../../oci/tar/fields.ts";
import { tarEnd, tarHeaderBlocks } from "../../oci/tar/write.ts";
import { bundleList, formatBundleList } from "./bundle.ts";
import { dataFolder } from "./feed-folder.ts";
import { contentFile, shownSource, type Feed } from "./feed.ts";

/**
 * Writes feeds into one tar file, for a network that is closed: the same feeds give the same bytes. No credentials go with them. Returns the file's hex SHA-256. Throws `feed-damaged` where what
 * once came is no longer whole.
 */
export async function exportFeeds(
  ctx: Context,
  path: string,
  feeds: readonly Feed[],
): Promise<{ readonly digest: string; readonly size: number }> {
  const temporary = temporaryPath(path);
  const file = openSync(temporary, "wx", 0o644);
  const hash = createHash("sha256");
  let size = 0;
  const write = (bytes: Uint8Array): void => {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    hash.update(bytes);
    size += bytes.length;
  };
  try {
    const listed = feeds.map(({ name, kind, source, date, digest, size: bytes }) => {
      return { name, kind, source: shownSource(source), date, digest, size: bytes };
    });
    const list = Buffer.from(formatBundleList(listed));
    write(header(bundleList, list.length));
    write(list);
    write(zeros.subarray(0, paddingOf(list.length)));
    for (const feed of feeds) {
      write(header(`feeds/${feed.name}`, feed.size));
      await copyContent(ctx, feed, write);
      write(zeros.subarray(0, paddingOf(feed.size)));
    }
    write(tarEnd);
    fsyncSync(file);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
  return { digest: hash.digest("hex"), size };
}

const zeros = Buffer.alloc(blockSize);

function header(path: string, size: number): Buffer {
  return tarHeaderBlocks({
    path,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size,
    linkname: "",
    xattrs: new Map(),
  });
}

async function copyContent(ctx: Context, feed: Feed, write: (bytes: Uint8Array) => void): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  const path = join(dataFolder(ctx, feed), contentFile);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal: ctx.signal })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
    write(chunk as Buffer);
  }
  if (size === feed.size && hash.digest("hex") === feed.digest) return;
  throw new IngotError("feed-damaged", `what came for the feed ${feed.name} is no longer whole on disk`, {
    hint: `ingot feeds remove ${feed.name}, and add it again`,
  });
}
