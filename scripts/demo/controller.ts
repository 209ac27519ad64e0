import assert from "node:assert/strict";
import { startController, type ControllerProcess } from "../../test/support/controller-process.ts";
import { freePort } from "../../test/support/daemon.ts";
import type { Story } from "./story.ts";

/** A real `ingot serve` in a home of its own, ended by its pid. */
export class Controller {
  readonly home: string;
  readonly #story: Story;
  #process: ControllerProcess | undefined;

  constructor(story: Story, home: string) {
    this.#story = story;
    this.home = home;
  }

  get url(): string {
    assert.ok(this.#process, "the controller was not started");
    return this.#process.url;
  }

  /** `127.0.0.1:PORT`, as references have it. */
  get host(): string {
    return new URL(this.url).host;
  }

  /** Starts it; returns the one-time code of its first admin. */
  async start(): Promise<string> {
    const listen = `127.0.0.1:${await freePort()}`;
    this.#story.command(["serve", "--listen", listen]);
    this.#process = await startController({ home: this.home, listen, args: ["--runtime", "runc"], rescan: false });
    const { code, output } = this.#process;
    assert.ok(code, "the first start printed no code for an admin");
    const greeting = output()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("{"));
    this.#story.line(greeting.join("\n").replace(code, "…"));
    return code;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }
}
