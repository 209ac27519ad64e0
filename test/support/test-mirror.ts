import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processContext, type Context } from "../../src/ground/context.ts";
import { makeTestArchive, type TestArchive } from "./debian-archive.ts";
import type { Ender } from "./ingot-world.ts";

/** A signed archive that is read from its folder, without a server or a command. */
export type TestMirror = {
  /** For what else the tests make; gone at the end. */
  readonly folder: string;
  readonly archive: TestArchive;
  /** A new, empty home whose mirror is the archive. */
  readonly contextOf: () => Context;
};

/** In memory where there is such a folder. Gone when the test, or the file, ends. */
export async function makeTestMirror(t: Ender): Promise<TestMirror> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-mirror-"));
  t.after(async () => rmSync(folder, { recursive: true }));
  const archive = await makeTestArchive({ folder: join(folder, "mirror") });
  const contextOf = () => {
    const home = mkdtempSync(join(folder, "home-"));
    return processContext({ home, env: { PATH: process.env.PATH, INGOT_DEBIAN_MIRROR: archive.mirror } });
  };
  return { folder, archive, contextOf };
}
