import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readDeb } from "../../src/debian/unpack/deb-file.ts";
import { writeFileAtomic } from "../../src/ground/atomic-file.ts";
import { withFileLock } from "../../src/ground/file-lock.ts";
import { runCommand } from "../../src/ground/run-command.ts";
import type { CastPackage } from "../../src/image/cast-plan.ts";
import { testCache } from "./test-cache.ts";

const cache = testCache("packages");

/**
 * Real packages with all that they depend on, without Recommends, as the host's own apt resolves them from the host's sources on an empty system.
 * Downloads are kept in the shared test cache.
 */
export async function fetchPackages(names: readonly string[]): Promise<readonly CastPackage[]> {
  mkdirSync(cache, { recursive: true });
  return await withFileLock(join(cache, "lock"), () => fetchLocked(names), { wait: 120_000, what: "the test cache" });
}

async function fetchLocked(names: readonly string[]): Promise<readonly CastPackage[]> {
  for (const folder of ["lists/partial", "archives/partial"]) mkdirSync(join(cache, folder), { recursive: true });
  if (isOld(join(cache, "updated"))) {
    await apt("update");
    writeFileSync(join(cache, "updated"), "");
  }
  // The answer follows from the signed lists and the request, and is asked for by several test files.
  const key = hash("sha256", JSON.stringify([names, readInReleases()]), "hex").slice(0, 32);
  const path = join(cache, "resolved", `${key}.json`);
  const kept = readResolved(path);
  if (kept !== undefined) return kept;
  const packages = await resolve(names);
  writeFileAtomic(path, JSON.stringify(packages), { durable: false });
  return packages;
}

function readInReleases(): readonly string[] {
  const names = readdirSync(join(cache, "lists")).filter((name) => name.endsWith("InRelease"));
  return names.toSorted().map((name) => readFileSync(join(cache, "lists", name), "utf8"));
}

/** Undefined where nothing is kept, or an archive is not what it was. */
function readResolved(path: string): readonly CastPackage[] | undefined {
  if (!existsSync(path)) return undefined;
  const packages = JSON.parse(readFileSync(path, "utf8")) as readonly CastPackage[];
  const isThere = ({ file, sha256 }: CastPackage) =>
    existsSync(file) && hash("sha256", readFileSync(file), "hex") === sha256;
  return packages.every(isThere) ? packages : undefined;
}

async function resolve(names: readonly string[]): Promise<readonly CastPackage[]> {
  const simulated = await apt("install", "--simulate", ...names);
  const found = [...simulated.matchAll(/^Inst (\S+) \((\S+) .*\[(\S+)\]\)/gm)].map(
    ([, name = "", version = "", architecture = ""]) => locate(name.split(":")[0] ?? "", version, architecture),
  );
  // apt checks the sums of what it downloads, and moves a file to its place when it is whole.
  if (!found.every(({ file }) => existsSync(file))) await apt("install", "--download-only", "--yes", ...names);
  return found.map((located) => ({ ...located, sha256: hash("sha256", readFileSync(located.file), "hex") }));
}

function locate(name: string, version: string, architecture: string): Omit<CastPackage, "sha256"> {
  const file = join(cache, "archives", `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`);
  return { name, version, file, layer: layerOf(name) };
}

/** A few layers, as a lock would group them. */
function layerOf(name: string): string {
  return `layer ${(hash("md5", name, "buffer")[0] ?? 0) % 4}`;
}

async function apt(...args: readonly string[]): Promise<string> {
  const options = [
    `Dir::State=${cache}`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${cache}`,
    "APT::Sandbox::User=root",
  ];
  const flags = [...options, "APT::Install-Recommends=0", "Acquire::Languages=none", "Debug::NoLocking=1"].flatMap(
    (option) => ["-o", option],
  );
  return (await runCommand("apt-get", ["-qq", ...flags, ...args], { env: { PATH: process.env.PATH, LC_ALL: "C" } }))
    .stdout;
}

function isOld(path: string): boolean {
  return !existsSync(path) || Date.now() - statSync(path).mtimeMs > 12 * 3_600_000;
}

/** A flat archive of exactly these packages, for mmdebstrap: the line of a sources list. */
export async function makeRepository(folder: string, packages: readonly CastPackage[]): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stanzas = packages.map(async ({ name, file, sha256 }) => {
    symlinkSync(file, join(folder, `${name}.deb`));
    const deb = await readDeb(file, { where: name, sha256 });
    const control = deb.controlFiles.get("control")?.content.toString("utf8").trimEnd();
    return `${control}\nFilename: ./${name}.deb\nSize: ${statSync(file).size}\nSHA256: ${sha256}\n`;
  });
  writeFileSync(join(folder, "Packages"), (await Promise.all(stanzas)).join("\n"));
  return `deb [trusted=yes] copy:${folder} ./`;
}

/** Whether the host has a program. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? "")
    .split(":")
    .some((folder) => folder !== "" && existsSync(folder) && readdirSync(folder).includes(name));
}
