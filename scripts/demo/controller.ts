import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../test/support/daemon.ts";
import type { Story } from "./story.ts";

const program = join(import.meta.dirname, "../../bin/ingot");

/** A real `ingot serve` in a home of its own, ended by its pid. */
export class Controller {
  readonly home: string;
  readonly #story: Story;
  #child: ChildProcess | undefined;
  #url = "";

  constructor(story: Story, home: string) {
    this.#story = story;
    this.home = home;
  }

  get url(): string {
    return this.#url;
  }

  /** `127.0.0.1:PORT`, as references have it. */
  get host(): string {
    return new URL(this.#url).host;
  }

  /** Starts it; returns the one-time code of its first admin. */
  async start(): Promise<string> {
    const listen = `127.0.0.1:${await freePort()}`;
    this.#story.command(["serve", "--listen", listen]);
    const env = { ...process.env, INGOT_HOME: this.home };
    this.#child = spawn(program, ["serve", "--listen", listen], { env, stdio: ["ignore", "pipe", "ignore"] });
    const text = await this.#greeting(this.#child);
    this.#story.line(text.replace(/--enrol \S+/, "--enrol …"));
    this.#url = /serves at (\S+)/.exec(text)?.[1] ?? "";
    const code = /--enrol (\S+)/.exec(text)?.[1];
    assert.ok(code, "the first start printed no code for an admin");
    return code;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(timer);
  }

  /** What it says until it serves. */
  async #greeting(child: ChildProcess): Promise<string> {
    const ended = once(child, "exit").then(() => assert.fail("ingot serve ended at once"));
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    while (!/--enrol \S+.*\n/.test(text)) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    ended.catch(() => {});
    return text.trimEnd();
  }
}
