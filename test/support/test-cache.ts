import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Where tests keep what is the same for all of them, between files and between runs on one machine. May be empty, and is checked by its content when it is read:
 * nothing in there is taken for right because it is there.
 */
export function testCache(...path: readonly string[]): string {
  return join(process.env.INGOT_TEST_CACHE ?? "/var/cache/ingot-test", ...path);
}

let own: string | undefined;

/** A folder of the test cache; for who may not write there, one that goes with this process. */
export function sharedFolder(name: string): string {
  const folder = testCache(name);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    own ??= makeOwn();
    mkdirSync(join(own, name), { recursive: true });
    return join(own, name);
  }
}

function makeOwn(): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-test-cache-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
