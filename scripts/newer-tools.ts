// Fetches programs and Python libraries of Debian's newer suites that tests hold Ingot against, and unpacks them beside the checkout's Node: nothing is installed on the
// host, and its apt is not touched. Run by `scripts/setup --test`. `--check` only says by its exit code whether anything is to do.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAptSources } from "../src/debian/archive/apt-sources.ts";
import { planArchives } from "../src/debian/archive/mirror.ts";
import { aptConfiguration } from "./apt-configuration.ts";

/** Each is one program of the package's own name. Keep equal to the table "From Debian's newer suites" of docs/dependencies.md. */
export const newerPackages: readonly string[] = ["cosign", "crane", "oras"];
const suite = "sid";

/**
 * Python libraries that read bills of materials, and what they need of Python packages; the host's own Python runs them. The first two are in the same
 * table.
 */
export const newerLibraries: readonly string[] = ["python3-cyclonedx-lib", "python3-spdx-tools"];
const neededByLibraries = [
  "python3-beartype",
  "python3-boolean",
  "python3-click",
  "python3-defusedxml",
  "python3-license-expression",
  "python3-packageurl",
  "python3-ply",
  "python3-py-serializable",
  "python3-pyparsing",
  "python3-rdflib",
  "python3-semantic-version",
  "python3-sortedcontainers",
  "python3-typing-extensions",
  "python3-uritools",
  "python3-xmltodict",
  "python3-yaml",
];

/** `bin/` holds the programs, `python/` the libraries; beside node_modules, so that removing that folder removes all that set-up made. */
export const newerToolsFolder: string = join(import.meta.dirname, "node/node_modules/.newer-tools");

/** For apt, beside the folders. */
const options = `Acquire::Retries "2";
Acquire::http::Timeout "20";
// A mirror may keep the archive as it was on some day; what it serves is signed all the same, and only tests use it.
Acquire::Check-Valid-Until "false";
`;

if (import.meta.main) main();

function main(): void {
  const programs = newerPackages.filter((name) => !existsSync(join(newerToolsFolder, "bin", name)));
  const libraries = existsSync(join(newerToolsFolder, "python")) ? [] : newerLibraries;
  const missing = [...programs, ...libraries];
  if (missing.length === 0) return;
  if (process.argv.includes("--check")) {
    process.exitCode = 1;
    return;
  }
  const work = mkdtempSync(join(tmpdir(), "ingot-newer-tools-"));
  try {
    const apt = openApt(work);
    apt(["apt-get", "-qq", "update"]);
    for (const name of missing)
      say(`unpacks ${name} of Debian ${suite} into the checkout (tests check that it agrees with Ingot)`);
    for (const name of programs) fetchOne(name, { apt, work });
    if (libraries.length > 0) fetchLibraries({ apt, work });
  } catch (error) {
    // Not fatal: the tests that want them are skipped by name.
    say(
      `cannot fetch ${missing.join(", ")} of Debian ${suite}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
    );
    say("tests that need them are skipped by name");
    process.exitCode = 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

type Apt = (words: readonly string[]) => void;

/** An apt with folders of its own, the host's mirror and Debian's keyring. */
function openApt(folder: string): Apt {
  const plan = planArchives({ release: suite, architecture: "amd64", env: process.env, hostSources: readAptSources() });
  const uri = plan.suites[0]?.uris[0];
  for (const name of ["state/lists/partial", "cache/archives/partial", "etc/preferences.d"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "state/status"), "");
  writeFileSync(
    join(folder, "etc/newer.sources"),
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
  );
  writeFileSync(
    join(folder, "apt.conf"),
    aptConfiguration(folder, join(folder, "etc/newer.sources")) + options + hostProxies(),
  );
  const env = { ...process.env, LC_ALL: "C", APT_CONFIG: join(folder, "apt.conf") };
  return ([program = "", ...words]) =>
    execFileSync(program, words, { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"], timeout: 180_000 });
}

/** How the host's own apt reaches its mirror. */
function hostProxies(): string {
  const lines = execFileSync("apt-config", ["dump", "--format", '%f "%v";%n', "Acquire"], { encoding: "utf8" });
  return lines
    .split("\n")
    .filter((line) => /^Acquire::https?::Proxy\b/i.test(line))
    .map((line) => `${line}\n`)
    .join("");
}

function fetchOne(name: string, { apt, work }: { apt: Apt; work: string }): void {
  const tree = join(work, `tree-${name}`);
  unpack(name, { apt, work, tree });
  const folder = join(newerToolsFolder, "bin");
  mkdirSync(folder, { recursive: true });
  // Across file systems a rename fails: copied beside its place first, so that a program that is there is whole.
  const beside = join(folder, `.${name}.tmp`);
  execFileSync("cp", [join(tree, "usr/bin", name), beside]);
  renameSync(beside, join(folder, name));
}

/** All of them or none: the folder appears when it is whole. */
function fetchLibraries({ apt, work }: { apt: Apt; work: string }): void {
  const tree = join(work, "tree-python");
  for (const name of [...newerLibraries, ...neededByLibraries]) unpack(name, { apt, work, tree });
  mkdirSync(newerToolsFolder, { recursive: true });
  const beside = join(newerToolsFolder, ".python.tmp");
  rmSync(beside, { recursive: true, force: true });
  execFileSync("cp", ["-r", join(tree, "usr/lib/python3/dist-packages"), beside]);
  renameSync(beside, join(newerToolsFolder, "python"));
}

function unpack(name: string, { apt, work, tree }: { apt: Apt; work: string; tree: string }): void {
  apt(["apt-get", "-qq", "download", name]);
  const file = readdirSync(work).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith(".deb"));
  if (file === undefined) throw new Error(`apt-get download left no ${name}_*.deb`);
  apt(["dpkg-deb", "--extract", join(work, file), tree]);
}

function say(line: string): void {
  process.stderr.write(`setup: ${line}\n`);
}
