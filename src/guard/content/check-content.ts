import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isErrno } from "../../ground/error.ts";
import { readMounts } from "../../runtime/mount-table.ts";
import { drift, type Verdict } from "../verdict/finding.ts";

export type ContentFile = { readonly path: string; readonly sha256: string };

const block = 1 << 20;

/**
 * Whether the file that an image's instances are mounted from is still what was recorded when it was made, and nothing lies over it. `pause`: milliseconds between blocks of a mebibyte, so that a sweep
 * takes no processor from anybody.
 */
export async function checkContent(content: ContentFile, pause: number): Promise<readonly Verdict[]> {
  const covered = judgeCover(content.path);
  const actual = await hashSlowly(content.path, pause);
  const expected = content.sha256.replace(/^sha256:/, "");
  if (actual === expected) return covered;
  const isRead = /^[0-9a-f]{64}$/.test(actual);
  const what = isRead ? `has the checksum sha256:${actual}, expected sha256:${expected}` : `cannot be read (${actual})`;
  return [...covered, drift("content-changed", content.path, `the content ${content.path} ${what}`)];
}

/** Attack: another file mounted over the image's, so that whoever reads it by its name finds it as it should be, or the next start mounts that. */
function judgeCover(path: string): readonly Verdict[] {
  const covers = readMounts().filter(({ target }) => target === path);
  return covers.map(({ type, source }) =>
    drift("content-changed", path, `${type} of ${source} is mounted over the content ${path}`),
  );
}

/** The checksum, or the name of the error that kept it from being read. */
async function hashSlowly(path: string, pause: number): Promise<string> {
  try {
    await using file = await open(path, "r");
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(block);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, block);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
      if (pause > 0) await sleep(pause);
    }
  } catch (error) {
    const code = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EIO", "EISDIR", "ESTALE", "EUCLEAN"].find((name) =>
      isErrno(error, name),
    );
    if (code === undefined) throw error;
    return code;
  }
}

/** Changes with every write to the file, and cannot be set back: the cheap question before the dear one. */
export function stampOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "gone" : `${stats.dev}:${stats.ino}:${stats.size}:${stats.ctimeNs}`;
}
