import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { mount, unmount } from "../../src/ground/libc.ts";

/**
 * A disk of its own, in memory; undefined, with the test skipped, where this user may not mount one. `size`: as tmpfs has it, `24m`. `leave`: ends what still works on it when
 * the test is over, before it is taken away.
 */
export function mountDisk(t: TestContext, size: string, leave?: () => Promise<void>): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "ingot-disk-"));
  try {
    mount("tmpfs", folder, { type: "tmpfs", data: `size=${size}` });
  } catch (error) {
    rmSync(folder, { recursive: true });
    t.skip(`needs a mount of its own: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  t.after(async () => {
    await leave?.();
    // Also the one over it, where a test failed before it took it away.
    while (statSync(folder).dev !== statSync(tmpdir()).dev) unmount(folder, { detach: true });
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Takes all the space that is left; returns the file that has it. */
export function fillDisk(disk: string): string {
  const path = join(disk, "filler");
  for (const size of [1 << 20, 1 << 16, 1 << 12])
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: "a" });
      } catch {
        break;
      }
    }
  return path;
}
