import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vaultPath } from "../src/debian/archive/vault-files.ts";
import { runCommand } from "../src/ground/run-command.ts";
import { makeRepository } from "../test/support/real-packages.ts";
import type { Bench, Comparison, Side } from "./comparison.ts";
import { BenchProject, type BuildResult } from "./support/bench-project.ts";
import { olderLock } from "./support/older-lock.ts";

/** The example's web server: building it from nothing, then again after nothing, one file and one package changed. */
export const bench: Bench = async function* (work) {
  const project = await BenchProject.create(join(work.folder, "web"));
  const first = await project.build();
  yield await compareFromNothing(project, work);
  yield {
    title: "build with nothing changed",
    note: "to reach: 0.1 s",
    runs: work.runs(10),
    sides: [{ name: "ingot build", run: async () => sizeLine(await project.build()) }],
  };
  yield compareOneFile(project, { first, runs: work.runs(7) });
  for (const name of ["nginx", "libssl3", "liblzma5"]) {
    const comparison = await compareOnePackage(project, { name, runs: work.runs(3) });
    if (comparison === undefined) console.log(`\none package updated: the archive has no older ${name} today`);
    else yield comparison;
  }
};

async function compareFromNothing(project: BenchProject, work: Parameters<Bench>[0]): Promise<Comparison> {
  const { packages } = project.lockedImage();
  const archives = packages.map((item) => vaultPath(project.home, item.sha256));
  const source = await makeRepository(
    join(work.folder, "repository"),
    packages.map((item) => ({ ...item, file: vaultPath(project.home, item.sha256) })),
  );
  return {
    title: `build from nothing: ${packages.length} packages, archives at hand`,
    note: "all sides install the same package files; to reach: 0.4 × mmdebstrap and umoci",
    runs: work.runs(3),
    sides: [
      { name: "ingot build --no-cache", run: async () => sizeLine(await project.build(["--no-cache"])) },
      mmdebstrapSide({ folder: join(work.folder, "mmdebstrap"), names: packages.map((item) => item.name), source }),
      decompressionSide(archives),
    ],
  };
}

function mmdebstrapSide({ folder, names, source }: { folder: string; names: readonly string[]; source: string }): Side {
  const [tar, layout] = [join(folder, "root.tar"), join(folder, "layout")];
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, SOURCE_DATE_EPOCH: "1700000000" };
  const include = `--include=${names.join(",")}`;
  return {
    name: "mmdebstrap, umoci raw add-layer",
    prepare: () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    },
    run: async () => {
      await runCommand("mmdebstrap", ["--mode=root", "--variant=custom", include, "bookworm", tar, source], { env });
      await runCommand("umoci", ["init", "--layout", layout], { env });
      await runCommand("umoci", ["new", "--image", `${layout}:web`], { env });
      await runCommand("umoci", ["raw", "add-layer", "--image", `${layout}:web`, tar], { env });
    },
  };
}

/** What no builder can do without: unpacking the archives, by dpkg's own program, two at a time. */
function decompressionSide(archives: readonly string[]): Side {
  const command = "exec xargs -P2 -n1 sh -c 'dpkg-deb --fsys-tarfile \"$0\" >/dev/null'";
  return {
    name: "floor: dpkg-deb decompresses only",
    run: async () => {
      await runCommand("sh", ["-c", command], { input: archives.join("\n"), env: { PATH: process.env.PATH } });
    },
  };
}

function compareOneFile(project: BenchProject, { first, runs }: { first: BuildResult; runs: number }): Comparison {
  let version = 1;
  const side: Side = {
    name: "ingot build",
    prepare: () => writeFileSync(join(project.folder, "public/index.html"), `Welcome ${version++}\n`),
    run: async () => newBytesLine(first, await project.build()),
  };
  return { title: "build with one file changed", note: "to reach: 0.6 s", runs, sides: [side] };
}

type PackageUpdate = { readonly name: string; readonly runs: number };

/** A lock from before an update of one package is built; then `lock --update NAME` and the timed build, each time from that same state. */
async function compareOnePackage(
  project: BenchProject,
  { name, runs }: PackageUpdate,
): Promise<Comparison | undefined> {
  const old = await olderLock(project, name);
  if (old === undefined) return undefined;
  const before = await project.copy(`${project.base}-before-${name}`);
  before.writeLock(old.lock);
  const first = await before.build();
  const after = before.at(`${project.base}-after-${name}`);
  const side: Side = {
    name: "ingot build",
    prepare: async () => {
      rmSync(after.base, { recursive: true, force: true });
      cpSync(before.base, after.base, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      await after.ingot(["lock", "--update", ...old.names]);
    },
    run: async () => `${newBytesLine(first, await after.build())}; the packages' own: ${megabytes(old.size)}`,
  };
  const note = `${old.from} → ${old.to}, in stage "${old.stage}"; to reach: 1.5 s, 1.2 × the package's bytes in new layers`;
  return { title: `build with one package updated: ${name}`, note, runs, sides: [side] };
}

function sizeLine({ layers, size }: BuildResult): string {
  return `${layers.length} layers, ${megabytes(size)}`;
}

function newBytesLine(before: BuildResult, after: BuildResult): string {
  const known = new Set(before.layers.map((layer) => layer.digest));
  const added = after.layers.filter((layer) => !known.has(layer.digest));
  return `${added.length} new layers, ${megabytes(added.reduce((sum, layer) => sum + layer.size, 0))}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e5 ? 3 : 1)} MB`;
}
