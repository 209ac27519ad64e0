import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeTestArchive, type Publication, type TestArchive } from "../../../test/support/debian-archive.ts";
import { makeArchiveKey } from "../../../test/support/archive-key.ts";
import { serveArchive, type ArchiveServer } from "../../../test/support/archive-server.ts";
import { processContext, type Context } from "../../ground/context.ts";
import type { ArchivePlan } from "./archive-plan.ts";
import { parseControl } from "./control.ts";
import type { WantedArchive } from "./fetch-to-vault.ts";
import { planArchives } from "./mirror.ts";
import type { Patience } from "./transfer.ts";

/** So short that a test of a bad mirror takes no time. */
export const shortPatience: Patience = { attempts: 3, backoff: 1, stall: 200 };

const key = await makeArchiveKey();
const built = mkdtempSync(join(tmpdir(), "archive-built-"));
process.on("exit", () => rmSync(built, { recursive: true }));

export type World = {
  readonly archive: TestArchive;
  readonly server: ArchiveServer;
  readonly ctx: Context;
  readonly plan: ArchivePlan;
  readonly home: string;
};

/** A published archive, a server in front of it, and an Ingot home, all gone when the test ends. */
export async function makeWorld(t: TestContext, publication: Publication = { main: samplePackages }): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "archive-"));
  const archive = await makeTestArchive({ folder: join(folder, "served"), key, built });
  await archive.publish(publication);
  const server = await serveArchive(archive.folder);
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  const home = join(folder, "home");
  const env = { INGOT_DEBIAN_MIRROR: `${server.url}/debian ${server.url}/debian-security` };
  const ctx = processContext({ env, home });
  const plan = planArchives({
    release: "bookworm",
    architecture: "amd64",
    env,
    hostSources: [],
    keyring: archive.keyring,
  });
  return { archive, server, ctx, plan, home };
}

export const samplePackages = [
  { name: "alpha", version: "1:1.0-1", files: { "usr/share/alpha": "alpha\n".repeat(5000) } },
  { name: "beta", version: "2.0+deb12u1~bpo", files: { "usr/share/beta": Buffer.alloc(100).toString("hex") } },
];

/** The packages of the archive's main suite, as a resolver would name them. */
export function wantedOf(archive: TestArchive): readonly WantedArchive[] {
  const path = join(archive.folder, "debian/dists", archive.release, "main/binary-amd64/Packages");
  return parseControl(readFileSync(path), { where: path }).map((stanza) => ({
    name: stanza.require("Package", path),
    version: stanza.require("Version", path),
    path: stanza.require("Filename", path),
    sha256: stanza.require("SHA256", path),
    size: Number(stanza.require("Size", path)),
    archive: "main",
  }));
}
