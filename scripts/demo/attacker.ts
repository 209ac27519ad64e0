import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShownInstance } from "../../src/controller/verbs/show-services.ts";
import type { RecordedDrift } from "../../src/controller/state/drift.ts";
import { processContext } from "../../src/ground/context.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { tinyProgram } from "../../test/support/tiny-program.ts";
import type { Governance } from "./governance.ts";
import type { Program } from "./program.ts";
import type { Services } from "./services.ts";
import type { Story } from "./story.ts";

type Place = {
  readonly governance: Governance;
  readonly services: Services;
  readonly project: string;
  readonly host: () => string;
  readonly controllerHome: () => string;
  readonly port: number;
};

/** What an attacker does to a service whose application has a hole, and what becomes of it. */
export class Attacker {
  readonly #program: Program;
  readonly #story: Story;
  readonly #place: Place;

  constructor(program: Program, story: Story, place: Place) {
    this.#program = program;
    this.#story = story;
    this.#place = place;
  }

  /** An application on top of the web image that runs whatever it is sent, as one with an injection would. */
  async deployHole(): Promise<void> {
    const { project, governance, host, port } = this.#place;
    copyFileSync(join(import.meta.dirname, "hole.pl"), join(project, "hole.pl"));
    const path = join(project, "ingot.yaml");
    const image = `  hole:
    base: image:web
    files: {/srv/hole.pl: ./hole.pl}
    command: [perl, /srv/hole.pl]
`;
    const service = `  hole:
    image: hole
    replicas: 3
    listen: 127.0.0.1:${port}
    health: {tcp: true, interval: 200ms}
    update: {max_parallel: 3, min_healthy_time: 300ms, scale_down_delay: 0s}

`;
    writeFileSync(
      path,
      readFileSync(path, "utf8")
        .replace(/^images:\n/m, `images:\n${image}`)
        .replace(/^services:\n/m, `services:\n${service}`),
    );
    await this.#program.run(["lock", "--quiet"], { isShown: false });
    const { images } = await this.#program.runJson<{ images: readonly { name: string; digest: string }[] }>([
      "build",
      "hole",
    ]);
    const digest = images.find(({ name }) => name.endsWith("hole"))?.digest ?? "";
    await governance.as("alice", ["push", digest, `${host()}/shop/hole:1`], { isShown: false });
    this.#story.line(await governance.as("alice", ["deploy", "hole", "--to", "staging", "--image", "shop/hole:1"]));
  }

  /** By the hole, as the application's own user: a program is written to where the instance may write, and run. */
  async dropProgram(): Promise<void> {
    const bytes = [...tinyProgram({ waits: true })].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    await this.#attack(["dropped-program", "foreign-executable"], () =>
      this.#send(`printf '${bytes}' > /run/x; chmod 755 /run/x; /run/x`),
    );
  }

  /** The interpreter is of the image, what it runs is not. */
  async runScript(): Promise<void> {
    await this.#attack(["foreign-script", "dropped-program"], () =>
      this.#send("printf 'sleep 30\\n' > /run/notes.txt; sh /run/notes.txt"),
    );
  }

  /** With root on the host: a program that is in no file at all. */
  async runFromMemory(): Promise<void> {
    await this.#attack(["memfd-executable", "entered-from-host"], async () => {
      const pid = await this.#pidOf(await this.#victim());
      // memfd_create(2) is 319; what is executed is a copy of the image's own sleep, from memory.
      const script =
        'my $fd = syscall(319, "x", 0); open my $m, ">&=", $fd; open my $s, "<", "/bin/sleep"; binmode $s; local $/; print $m <$s>; $m->flush; exec { "/proc/self/fd/$fd" } "sleep", "30"';
      void this.#enter(pid, ["perl", "-e", script]);
    });
  }

  /** With root on the host: a shell in the instance. */
  async enterFromHost(): Promise<void> {
    await this.#attack(["entered-from-host"], async () => {
      const pid = await this.#pidOf(await this.#victim());
      void this.#enter(pid, ["sh", "-c", "sleep 30"]);
    });
  }

  #entered: Promise<unknown>[] = [];

  /** What was entered ends with the instance. */
  async #enter(pid: number, command: readonly string[]): Promise<void> {
    const { spawn } = await import("node:child_process");
    const { once } = await import("node:events");
    const child = spawn("nsenter", ["--target", String(pid), "--all", ...command], { stdio: "ignore" });
    this.#entered.push(once(child, "exit"));
  }

  async #victim(): Promise<ShownInstance> {
    const { running } = await this.#place.services.look("hole", "staging");
    const [first] = running?.instances.filter(({ traffic }) => traffic === "in") ?? [];
    assert.ok(first, "nothing serves");
    return first;
  }

  async #pidOf({ id }: ShownInstance): Promise<number> {
    const states = await runcRuntime(processContext({ home: this.#place.controllerHome() })).list();
    const pid = states.find((one) => one.id === id)?.pid;
    assert.ok(pid !== undefined, `${id} does not run`);
    return pid;
  }

  /** The answer may never come: the instance is frozen while it answers. */
  async #send(command: string): Promise<void> {
    void fetch(`http://127.0.0.1:${this.#place.port}/run`, {
      method: "POST",
      body: command,
      signal: AbortSignal.timeout(3000),
    }).catch(() => {});
  }

  async #attack(rules: readonly RecordedDrift["rule"][], strike: () => Promise<void>): Promise<void> {
    const known = new Set((await this.#drifts()).map(({ id }) => id));
    await strike();
    // One deed shows in several ways: whoever enters from the host brings capabilities along, too.
    const fresh = async (): Promise<readonly RecordedDrift[]> =>
      (await this.#drifts()).filter(({ id }) => !known.has(id));
    const first = await this.#waitFor(async () =>
      (await fresh()).find((one) => rules.includes(one.rule) && one.replaced !== undefined),
    );
    const { seen, found, replaced } = first;
    this.#story.line(`${first.rule}: ${first.message}`);
    this.#story.line(
      `${first.instance}: judged ${(found - seen).toFixed(1)} ms after the kernel saw it, ${first.response}, captured, replaced after ${replaced?.milliseconds.toFixed(0)} ms`,
    );
    const others = new Set((await fresh()).map(({ rule }) => rule).filter((rule) => rule !== first.rule));
    if (others.size > 0) this.#story.line(`also found of it: ${[...others].join(", ")}`);
    await this.#waitFor(async () => {
      const { running } = await this.#place.services.look("hole", "staging");
      return running?.instances.filter(({ traffic, health }) => traffic === "in" && health === "healthy").length === 3
        ? running
        : undefined;
    });
  }

  async #drifts(): Promise<readonly RecordedDrift[]> {
    const text = await this.#place.governance.as("alice", ["drift", "list", "hole", "--json"], { isShown: false });
    return (JSON.parse(text) as { drift: readonly RecordedDrift[] }).drift;
  }

  /** The last capture, as an auditor sees it. */
  async show(): Promise<void> {
    const [last] = await this.#drifts();
    assert.ok(last);
    this.#story.line(await this.#place.governance.as("alice", ["drift", "show", String(last.id)]));
  }

  async #waitFor<T>(find: () => Promise<T | undefined>): Promise<T> {
    for (const end = Date.now() + 20_000; ; await sleep(50)) {
      const found = await find();
      if (found !== undefined) return found;
      assert.ok(Date.now() < end, "nothing was found, or nothing replaced, within twenty seconds");
    }
  }
}
