import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShownService } from "../../src/controller/verbs/show-services.ts";
import { startTrafficLoad } from "../../test/support/traffic-load.ts";
import type { Evidence } from "./evidence.ts";
import type { Governance } from "./governance.ts";
import type { Program } from "./program.ts";
import type { Story } from "./story.ts";

type Ports = { readonly production: number; readonly staging: number; readonly hole: number };

type Place = {
  readonly governance: Governance;
  readonly evidence: Evidence;
  readonly project: string;
  readonly host: () => string;
  readonly ports: Ports;
};

/** Releases as they run: three instances behind one address, replaced and never changed. */
export class Services {
  readonly #program: Program;
  readonly #story: Story;
  readonly #place: Place;

  constructor(program: Program, story: Story, place: Place) {
    this.#program = program;
    this.#story = story;
    this.#place = place;
  }

  /** Says in ingot.yaml where the service listens, how it is replaced, and what staging asks of an image: that it is signed. */
  describe(): void {
    const { project, ports } = this.#place;
    const path = join(project, "ingot.yaml");
    const services = `services:
  web:
    image: web
    replicas: 3
    listen: 127.0.0.1:${ports.production}
    health: {get: /ready, interval: 200ms}
    update: {max_parallel: 2, min_healthy_time: 500ms, healthy_deadline: 8s, progress_deadline: 8s, scale_down_delay: 2m}
    in:
      staging: {listen: 127.0.0.1:${ports.staging}}

environments:
  staging: {policy: policy/staging.cedar}
  production: {approvals: 2}
`;
    const text = readFileSync(path, "utf8");
    const changed = text.replace(/^services:[^]*?^environments:\n(?: .*\n)+/m, services);
    assert.notEqual(changed, text, "the example has no services");
    writeFileSync(path, changed);
    writeFileSync(join(project, "public/ready"), "ready\n");
    mkdirSync(join(project, "policy"), { recursive: true });
    const rule = /@id\("signed"\)[^;]*;/.exec(
      readFileSync(join(import.meta.dirname, "../../src/policy/environment.cedar"), "utf8"),
    );
    writeFileSync(join(project, "policy/staging.cedar"), `${rule?.[0] ?? ""}\n`);
    this.#story.line(services);
  }

  /** Releases an image and waits until every instance is of it. */
  async deploy(tag: string, environment: string): Promise<void> {
    const words = ["deploy", "web", "--to", environment, "--image", `shop/web:${tag}`];
    this.#story.line(await this.#place.governance.as("alice", words));
  }

  async fetchPage(environment: keyof Ports, wanted: RegExp): Promise<void> {
    const url = `http://127.0.0.1:${this.#place.ports[environment]}/`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const line = (await answer.text()).split("\n").find((text) => wanted.test(text));
    assert.ok(answer.ok && line !== undefined, `${url} did not serve what was expected`);
    this.#story.line(`${url}  ${answer.status}  ${line.trim()}`);
  }

  /** Everything that production asks for, of what the project is now. */
  async prepare(tag: string): Promise<void> {
    const { governance, evidence, host } = this.#place;
    const { images } = await this.#program.runJson<{ images: readonly { digest: string }[] }>(["build", "web"]);
    await evidence.scan("web");
    this.#story.line((await this.#program.run(["test", "web", "--quiet"])).split("\n").at(-2) ?? "tested");
    await governance.as("alice", ["push", images[0]?.digest ?? "", `${host()}/shop/web:${tag}`], { isShown: false });
    for (const name of ["bob", "carol"])
      await governance.as(name, ["approve", `shop/web:${tag}`, "--for", "production", "--quiet"], { isShown: false });
    this.#story.line(`built, scanned, tested, pushed as shop/web:${tag}, approved by bob and carol`);
  }

  /** While clients ask as fast as they can. */
  async deployUnderLoad(tag: string): Promise<void> {
    const load = startTrafficLoad({
      port: this.#place.ports.production,
      pause: 2,
      clients: { "keep-alive": 6, fresh: 2 },
    });
    try {
      await this.deploy(tag, "production");
    } finally {
      const { ok, failed, failures, longest } = await load.stop();
      this.#story.line(
        `meanwhile 8 clients had ${ok} requests answered and ${failed} lost; the longest took ${longest} ms`,
      );
      assert.deepEqual(failures, [], "a request was lost");
      assert.ok(ok > 100, "there was hardly any load");
    }
  }

  /** It passes every test, and its instances never become healthy. */
  async deployBroken(tag: string): Promise<void> {
    rmSync(join(this.#place.project, "public/ready"));
    await this.prepare(tag);
    const words = ["deploy", "web", "--to", "production", "--image", `shop/web:${tag}`];
    const said = await this.#place.governance.refuse("alice", words, 1);
    assert.match(said, /rollout-failed/);
    writeFileSync(join(this.#place.project, "public/ready"), "ready\n");
    await this.#until(
      "the way back",
      async () => (await this.look("web", "production")).rollout?.status === "successful",
    );
    const again = await this.#place.governance.refuse("alice", words);
    assert.match(again, /image-quarantined/);
  }

  async rollBack(): Promise<void> {
    const began = performance.now();
    const said = await this.#place.governance.as("alice", [
      "rollback",
      "web",
      "--in",
      "production",
      "--reason",
      "the new page is not liked",
    ]);
    const milliseconds = performance.now() - began;
    this.#story.line(said);
    this.#story.line(`the whole command took ${Math.round(milliseconds)} ms: the instances were still warm`);
  }

  async look(service: string, environment: string): Promise<ShownService> {
    const text = await this.#place.governance.as("alice", ["status", "--environment", environment, "--json"], {
      isShown: false,
    });
    const { running } = JSON.parse(text) as { running: readonly ShownService[] };
    const found = running.find((one) => one.service === service);
    assert.ok(found, `${service} is not released in ${environment}`);
    return found;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 30_000; !(await isSo()); await sleep(100))
      assert.ok(Date.now() < end, `${what} did not come to be within thirty seconds`);
  }
}
