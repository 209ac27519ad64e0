import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import type { Digest } from "../../src/oci/digest.ts";
import type { Controller } from "./controller.ts";
import type { Program } from "./program.ts";
import type { Story } from "./story.ts";

/** Who may release what, at a real controller. Alice makes the images, on the machine of this demo; Ada administers; Bob and Carol review. */
export class Governance {
  readonly #program: Program;
  readonly #story: Story;
  readonly #controller: Controller;
  readonly #folder: string;
  readonly #project: string;

  constructor(
    program: Program,
    story: Story,
    place: { readonly controller: Controller; readonly folder: string; readonly project: string },
  ) {
    this.#program = program;
    this.#story = story;
    this.#controller = place.controller;
    this.#folder = place.folder;
    this.#project = place.project;
  }

  /** A controller, its first admin, and everybody's keys. */
  async begin(): Promise<void> {
    const code = await this.#controller.start();
    await this.#login("ada", code, []);
    const uses = ["builder", "scanner", "tester", "rebuilder"].map(
      (role) => `${join(this.#project, "keys", role)}.pub=${role}`,
    );
    await this.as("ada", ["identity", "add", "ci", "--kind", "workload", "--role", "builder", "--key", ...uses], {
      isShown: false,
    });
    for (const name of ["alice", "bob", "carol"]) {
      const roles = ["developer", "approver", "deployer"];
      const added = await this.as("ada", ["identity", "add", name, "--role", ...roles], { isShown: false });
      await this.#login(name, /--enrol (\S+)/.exec(added)?.[1] ?? "", ["--with", "approver"]);
    }
    this.#story.command(["identity", "list"]);
    this.#story.line(await this.as("ada", ["identity", "list"], { isShown: false }));
  }

  /** Two people must approve what goes to production. */
  async applyPolicy(): Promise<void> {
    this.#story.line(await this.as("ada", ["policy", "apply"]));
  }

  async push(versions: Readonly<Record<string, Digest>>): Promise<void> {
    for (const [tag, digest] of Object.entries(versions)) {
      this.#story.line(await this.as("alice", ["push", digest, `${this.#controller.host}/shop/web:${tag}`]));
    }
  }

  /** Version 1 has known vulnerabilities, and nobody tested it: everything that is missing is said at once. */
  async deployTooEarly(): Promise<void> {
    const said = await this.refuse("alice", ["deploy", "web", "--to", "production", "--image", "shop/web:1"]);
    for (const rule of ["approvals", "tested"])
      assert.match(said, new RegExp(`^ +${rule}\\b`, "m"), `${rule} is not missing`);
  }

  /** Who made it does not approve it; two others do. */
  async approve(): Promise<void> {
    const words = ["approve", "shop/web:2", "--for", "production"];
    assert.match(await this.refuse("alice", words), /rule own-image/);
    for (const name of ["bob", "carol"]) {
      this.#story.line(await this.as(name, [...words, "--reason", "read the diff", "--quiet"]));
    }
  }

  /** A host of production is given what production permits, and nothing else. */
  async pull(): Promise<void> {
    const words = ["identity", "token", "--environment", "production"];
    const token = (await this.as("alice", words, { isShown: false })).trim();
    const environment = { INGOT_URL: this.#controller.url, INGOT_TOKEN: token };
    const host = { home: this.#home("host"), environment };
    const reference = (tag: string): string => `${this.#controller.host}/shop/web:${tag}`;
    this.#say("a host of production");
    await this.#program.refuse(["pull", reference("1")], { ...host, exit: 3 });
    this.#story.line(await this.#program.run(["pull", reference("2"), "--quiet"], host));
  }

  /** A version of a package turns out to be bad: what has it, and where does it run? */
  async revoke(second: Digest): Promise<void> {
    const name = "openssl";
    const words = [
      "revoke",
      "package",
      `${name}=${this.#installedVersion(name)}`,
      "--reason",
      "an example of a bad update",
    ];
    const said = await this.as("ada", words);
    this.#story.line(said);
    assert.ok(said.includes(second.slice(7, 19)), "the image that has the package is not named");
    assert.match(said, /production/, "the release that runs it is not named");
    const refused = await this.refuse("alice", ["deploy", "web", "--to", "production", "--image", "shop/web:2"]);
    assert.match(refused, /revoked/);
  }

  async tell(): Promise<void> {
    this.#story.line(await this.as("bob", ["status"]));
    this.#story.line((await this.as("bob", ["history", "--type", "release"])).split("\n").slice(0, 3).join("\n"));
  }

  /** From its files and nothing else; then with one byte changed, as somebody would who has root there. */
  async audit(): Promise<void> {
    await this.#controller.stop();
    this.#story.line(await this.#program.run(["audit", "verify"], { home: this.#controller.home }));
    const bundle = this.#entries();
    const content = readFileSync(bundle);
    const changed = Buffer.from(content);
    changed.write("user:carol", content.lastIndexOf('"user:alice"') + 1);
    writeFileSync(bundle, changed);
    this.#story.line("somebody with root there makes one event say carol where it said alice:");
    const found = await this.#program.run(["audit", "verify"], { home: this.#controller.home, exit: 4 });
    writeFileSync(bundle, content);
    this.#story.line(found);
    await this.#program.run(["audit", "verify"], { home: this.#controller.home, isShown: false });
  }

  async #login(name: string, code: string, more: readonly string[]): Promise<void> {
    const words = ["login", this.#controller.url, "--enrol", code, "--name", name, ...more];
    this.#story.line(await this.as(name, words, { isShown: false }));
  }

  /** A command as one of them runs it, on a machine of their own. */
  async as(name: string, words: readonly string[], options: { isShown?: boolean } = {}): Promise<string> {
    if (options.isShown !== false) this.#say(name);
    return this.#program.run(words, { home: this.#home(name), ...options });
  }

  async refuse(name: string, words: readonly string[], exit = 3): Promise<string> {
    this.#say(name);
    return this.#program.refuse(words, { home: this.#home(name), exit });
  }

  /** Whose machine. */
  #home(name: string): string {
    return name === "alice" ? this.#program.home : join(this.#folder, `home-${name}`);
  }

  #say(name: string): void {
    this.#story.line(styleText("dim", `${name}:`));
  }

  /** As the lock has it: the source's version of one of its binary packages. */
  #installedVersion(source: string): string {
    const lock = JSON.parse(readFileSync(join(this.#project, "ingot.lock"), "utf8")) as {
      images: Record<string, { packages: readonly { source: string; sourceVersion?: string; version: string }[] }>;
    };
    const found = Object.values(lock.images)
      .flatMap(({ packages }) => packages)
      .find((one) => one.source === source);
    assert.ok(found, `the image has no package of the source ${source}`);
    return found.sourceVersion ?? found.version;
  }

  /** The file with the first 256 entries of the event log, or the newest of its partial ones. */
  #entries(): string {
    const whole = join(this.#controller.home, "ledger/events/tile/entries/000");
    if (existsSync(whole)) return whole;
    const newest = Math.max(...readdirSync(`${whole}.p`).map(Number));
    return join(`${whole}.p`, String(newest));
  }
}
