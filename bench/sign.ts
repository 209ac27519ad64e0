import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench, Comparison, Side } from "./comparison.ts";
import { BenchProject } from "./support/bench-project.ts";

/** What bills of materials, provenance and signatures add to a build: the same build with a builder's key and without, side by side. */
export const bench: Bench = async function* (work) {
  // By a file: a passphrase in the environment is given to no program that is started from here.
  const passphrase = join(work.folder, "passphrase");
  mkdirSync(work.folder, { recursive: true });
  writeFileSync(passphrase, "only for the bench", { mode: 0o600 });
  process.env.INGOT_KEY_PASSPHRASE_FILE = passphrase;
  const origin = await BenchProject.create(join(work.folder, "origin"));
  await origin.build();
  const project = (name: string): BenchProject => origin.at(join(work.folder, name));
  const sides = [new SignSide(origin, project("plain"), "no key"), new SignSide(origin, project("signed"), "key")];
  yield {
    title: "build from nothing, with statements and without",
    note: "archives and compiled sources at hand; the key's passphrase costs a quarter of a second by design (scrypt)",
    runs: work.runs(3),
    sides: sides.map((side) => side.fromNothing()),
  };
  yield {
    title: "build with nothing changed, with statements and without",
    note: "to reach: 0.1 s",
    runs: work.runs(10),
    sides: sides.map((side) => side.unchanged()),
  };
  yield oneFile(sides, work.runs(7));
};

function oneFile(sides: readonly SignSide[], runs: number): Comparison {
  return {
    title: "build with one file changed, with statements and without",
    note: "to reach: 0.6 s",
    runs,
    sides: sides.map((side) => side.oneFile()),
  };
}

class SignSide {
  readonly #origin: BenchProject;
  readonly #project: BenchProject;
  readonly #kind: "key" | "no key";
  #version = 0;

  constructor(origin: BenchProject, project: BenchProject, kind: "key" | "no key") {
    this.#origin = origin;
    this.#project = project;
    this.#kind = kind;
  }

  fromNothing(): Side {
    return this.#side(async () => {
      rmSync(this.#project.base, { recursive: true, force: true });
      await this.#origin.copy(this.#project.base);
      for (const part of ["cache/compile", "cache/node"]) {
        const source = join(this.#origin.home, part);
        if (existsSync(source)) cpSync(source, join(this.#project.home, part), { recursive: true });
      }
      if (this.#kind === "key") await this.#project.ingot(["key", "generate", "builder"]);
    });
  }

  unchanged(): Side {
    return this.#side(() => {});
  }

  oneFile(): Side {
    return this.#side(() => {
      writeFileSync(join(this.#project.folder, "public/index.html"), `Welcome ${this.#version++}\n`);
    });
  }

  #side(prepare: () => Promise<void> | void): Side {
    return { name: `ingot build, ${this.#kind}`, prepare, run: () => this.#build() };
  }

  async #build(): Promise<string> {
    const { images } = JSON.parse(await this.#project.ingot(["build", "--json"])) as {
      images: readonly { readonly statements: readonly unknown[] }[];
    };
    return `${images[0]?.statements.length} statements`;
  }
}
