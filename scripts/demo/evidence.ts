import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./program.ts";
import type { Story } from "./story.ts";

type Finding = {
  readonly id: string;
  readonly package: { readonly name: string; readonly version: string };
  readonly fixedVersion?: string;
  readonly evidence: readonly { readonly text: string }[];
};

const roles = ["builder", "scanner", "tester", "rebuilder"];

/** What is proven about an image, by the real program. */
export class Evidence {
  readonly #program: Program;
  readonly #story: Story;

  constructor(program: Program, story: Story) {
    this.#program = program;
    this.#story = story;
  }

  /** One key a role, encrypted; the public halves go into the project. */
  async makeKeys(project: string): Promise<void> {
    const { keys } = await this.#program.runJson<{ keys: readonly { role: string; id: string }[] }>([
      "key",
      "generate",
      ...roles,
      "--trust",
      "keys",
    ]);
    for (const { role, id } of keys)
      this.#story.line(`${role.padEnd(9)}  ${id.slice(0, 12)}  encrypted, and trusted for this role alone`);
    assert.deepEqual(
      keys.map(({ role }) => role),
      roles,
    );
    const lines = roles.map((role) => `  ${role}: [./keys/${role}.pub]`);
    appendFileSync(join(project, "ingot.yaml"), `\ntrust:\n${lines.join("\n")}\n`);
  }

  /** Scans, and returns how many findings have a fix. */
  async scan(image: string): Promise<number> {
    const { findings } = await this.#program.runJson<{ findings: readonly Finding[] }>(["scan", image]);
    const fixable = findings.filter(({ fixedVersion }) => fixedVersion !== undefined);
    this.#story.line(`${findings.length} findings, ${fixable.length} with a fix`);
    // Of each package one, since their fixes come together.
    const shown = fixable
      .filter((one, at) => fixable.findIndex((other) => isSamePackage(other, one)) === at)
      .slice(0, 5);
    for (const {
      id,
      package: { name, version },
      fixedVersion,
      evidence,
    } of shown) {
      this.#story.line(`${id}  ${name} ${version} → ${fixedVersion}`);
      this.#story.line(`    ${evidence[0]?.text.replaceAll(/\s+/g, " ").slice(0, 110) ?? ""}`);
    }
    if (fixable.length > shown.length) this.#story.line(`… and ${fixable.length - shown.length} more`);
    return fixable.length;
  }

  async rebuild(image: string): Promise<void> {
    const { isIdentical } = await this.#program.runJson<{ isIdentical: boolean }>(["rebuild", image]);
    assert.ok(isIdentical, "the rebuild gave another image");
    this.#story.line(
      "built again from its own provenance, in a home of its own: the same digest, signed by the rebuilder",
    );
  }

  async verify(image: string): Promise<void> {
    this.#story.line(await this.#program.run(["verify", image]));
  }
}

function isSamePackage(a: Finding, b: Finding): boolean {
  return a.package.name === b.package.name;
}
