import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { attempts, attemptScript, hasHeld, readAttempts, type AttemptResult } from "./attempts.ts";
import type { Program } from "./program.ts";
import type { Story } from "./story.ts";

export type Instance = { readonly id: string; readonly address: string; readonly port: number };

/** The instances that the demo has running, so that it can leave none. */
export class Instances {
  readonly #program: Program;
  readonly #story: Story;
  readonly #running = new Set<string>();

  constructor(program: Program, story: Story) {
    this.#program = program;
    this.#story = story;
  }

  async run(id: string, count: number, command: readonly string[] = []): Promise<readonly Instance[]> {
    const words = ["run", "web", "--name", id, "--count", String(count), "--json"];
    const text = await this.#program.run(command.length === 0 ? words : [...words, "--", ...command]);
    const { instances } = JSON.parse(text) as { instances: readonly Instance[] };
    for (const instance of instances) {
      this.#running.add(instance.id);
      this.#story.line(`${instance.id} runs, verified, at ${instance.address}:${instance.port}`);
    }
    assert.equal(instances.length, count);
    return instances;
  }

  async stop(instances: readonly Instance[]): Promise<void> {
    await this.#program.run(["stop", ...instances.map(({ id }) => id)]);
    for (const { id } of instances) this.#running.delete(id);
  }

  /** All that are left, at once. */
  async stopAll(): Promise<void> {
    if (this.#running.size > 0)
      await this.#program.run(["stop", "--timeout", "0s", "--quiet", ...this.#running], { isShown: false });
  }

  async fetchPages(instances: readonly Instance[], wanted: RegExp): Promise<void> {
    for (const { id, address, port } of instances) {
      const url = `http://${address}:${port}/`;
      const response = await fetchPatiently(url);
      const page = await response.text();
      const line = page.split("\n").find((text) => wanted.test(text));
      assert.ok(response.ok && line !== undefined, `${id} did not serve its page: ${response.status}\n${page}`);
      this.#story.line(`${url}  ${response.status}  ${line.trim()}`);
    }
  }

  async tryToChange(): Promise<void> {
    const [instance] = await this.run("demo-attacked", 1, ["sh", "-c", attemptScript()]);
    assert.ok(instance);
    const results = await readResults(join(this.#program.home, "instances", instance.id, "log"));
    for (const result of results)
      this.#story.line(
        `${hasHeld(result) ? styleText("green", "refused") : styleText("red", "NOT REFUSED")}  ${result.attempt.what}: ${result.said}`,
      );
    await this.#program.run(["stop", "--timeout", "0s", instance.id]);
    this.#running.delete(instance.id);
    assert.ok(results.every(hasHeld), "an instance let itself be changed");
    assert.equal(results.length, attempts.length);
  }
}

/** An instance runs before its program listens. */
async function fetchPatiently(url: string): Promise<Response> {
  const deadline = Date.now() + 5000;
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(2000) });
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`${url} did not answer within five seconds`, { cause: error });
      await sleep(20);
    }
  }
}

async function readResults(log: string): Promise<readonly AttemptResult[]> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const results = readAttempts(readFileSync(log, "utf8"));
    if (results !== undefined) return results;
    await sleep(50);
  }
  throw new Error("the attempts did not come to their end within twenty seconds");
}
