import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptConfiguration } from "../../scripts/apt-configuration.ts";
import { IngotError } from "../../src/ground/error.ts";
import { runCommand } from "../../src/ground/run-command.ts";
import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import type { PlannedSuite } from "../../src/debian/archive/archive-plan.ts";
import { planArchives } from "../../src/debian/archive/mirror.ts";
import { digestOf } from "../../src/oci/digest.ts";
import type { SuiteIndex } from "../../src/debian/suite.ts";

/** What apt would install: `name=version` of each package, or that it refuses. */
export type AptAnswer =
  | { readonly kind: "set"; readonly packages: readonly string[] }
  | { readonly kind: "refused"; readonly output: string };

export type AptQuestion = { readonly names: readonly string[]; readonly recommends: boolean };

/** An apt of its own in `folder`: with the host's mirror and keyring for bookworm, updates and security, an empty dpkg status, and nothing else of the host. */
export class IsolatedApt {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes the configuration and updates the lists; lists from before will do when the mirror is out of reach. Throws `mirror-unknown`, `command-failed`. */
  static async open(folder: string): Promise<IsolatedApt> {
    const plan = planArchives({
      release: "bookworm",
      architecture: "amd64",
      env: process.env,
      hostSources: readAptSources(),
    });
    for (const name of ["state/lists/partial", "cache/archives/partial", "etc/preferences.d", "log", "keys"])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "state/status"), "");
    writeFileSync(join(folder, "apt.conf"), aptConfiguration(folder, join(folder, "etc/ingot.sources")));
    writeFileSync(
      join(folder, "etc/ingot.sources"),
      plan.suites.map((suite) => sourceStanza(suite, folder)).join("\n"),
    );
    const apt = new IsolatedApt(folder);
    const update = await apt.#run("apt-get", ["update", "-q"]);
    const files = await apt.#indexFiles();
    if (files.length !== plan.suites.length)
      throw new IngotError("command-failed", "apt-get update did not bring the lists", {
        details: [update.stdout, update.stderr],
      });
    await apt.#run("apt-cache", ["gencaches"]);
    return apt;
  }

  /** Asks `apt-get -s install`, as a person would. */
  async simulate(question: AptQuestion): Promise<AptAnswer> {
    const result = await this.#install(["--simulate"], question);
    return answer(result, /^Inst (\S+) (?:\[\S+\] )?\((\S+) .*$/gm);
  }

  /** The same decision in half the time: without simulating dpkg's steps on it. */
  async plan(question: AptQuestion): Promise<AptAnswer> {
    const result = await this.#install(["--print-uris", "--yes"], question);
    return answer(result, /^'[^']*' ([^_\s]+)_([^_\s]+)_\S+ .*$/gm);
  }

  /** The very bytes that apt decides by, in its order of sources. */
  async readIndexes(): Promise<readonly SuiteIndex[]> {
    const files = await this.#indexFiles();
    return Promise.all(files.map(([suite, path]) => this.#readIndex(suite, path)));
  }

  /** Changes with the lists and with apt itself. */
  async fingerprint(): Promise<string> {
    const hash = createHash("sha256").update((await this.#run("apt-get", ["--version"])).stdout);
    for (const [, path] of await this.#indexFiles()) hash.update(readFileSync(path));
    return hash.digest("hex");
  }

  #install(flags: readonly string[], { names, recommends }: AptQuestion) {
    const how = recommends ? "--install-recommends" : "--no-install-recommends";
    return this.#run("apt-get", ["install", ...flags, how, ...names]);
  }

  async #indexFiles(): Promise<readonly (readonly [suite: string, path: string])[]> {
    const format = "$(CODENAME) $(FILENAME)";
    const { stdout } = await this.#run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
    return stdout
      .split("\n")
      .map((line) => line.split(" "))
      .flatMap(([suite, path]) => (suite && path ? [[suite, path] as const] : []));
  }

  async #readIndex(suite: string, path: string): Promise<SuiteIndex> {
    const { stdout } = await this.#run("/usr/lib/apt/apt-helper", ["cat-file", path]);
    const archive = suite.endsWith("-security") ? "security" : "main";
    const digest = digestOf(stdout);
    return {
      suite: { archive, suite, components: ["main"], digest, date: "", signedBy: [] },
      packages: [Buffer.from(stdout)],
    };
  }

  #run(program: string, args: readonly string[]) {
    const env = { PATH: process.env.PATH, LC_ALL: "C", APT_CONFIG: join(this.folder, "apt.conf") };
    return runCommand(program, args, { env, allowFailure: true, package: "apt" });
  }
}

function answer(result: { code: number; stdout: string; stderr: string }, line: RegExp): AptAnswer {
  if (result.code !== 0) return { kind: "refused", output: result.stdout + result.stderr };
  const found = [...result.stdout.matchAll(line)].map(
    ([, name, version = ""]) => `${name}=${decodeURIComponent(version)}`,
  );
  return { kind: "set", packages: found.toSorted() };
}

function sourceStanza({ uris, suite, components, keyring }: PlannedSuite, folder: string): string {
  return `Types: deb
URIs: ${uris[0]}
Suites: ${suite}
Components: ${components.join(" ")}
Signed-By: ${keyFile(keyring, folder)}
`;
}

function keyFile(keyring: PlannedSuite["keyring"], folder: string): string {
  if (keyring.kind === "files") return keyring.files.join(" ");
  if (keyring.kind === "host") return "/usr/share/keyrings/debian-archive-keyring.gpg";
  const path = join(folder, "keys/embedded.asc");
  writeFileSync(path, keyring.armored);
  return path;
}
