import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { haproxyTraffic } from "../../src/fleet/traffic/haproxy-traffic.ts";
import { processContext } from "../../src/ground/context.ts";
import { canonicalJson } from "../../src/oci/canonical-json.ts";
import { digestOf, type Digest } from "../../src/oci/digest.ts";
import type { ImageConfig } from "../../src/oci/image-config.ts";
import { openStore } from "../../src/oci/layout.ts";
import { parseImageManifest } from "../../src/oci/manifest.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { identifyProcess, isSameProcess } from "../../src/runtime/process-identity.ts";
import { startController, type ControllerProcess } from "./controller-process.ts";
import { enrolAdmin, join as joinController, signIn, type Person } from "./controller-session.ts";
import { freePort } from "./daemon.ts";
import { pushInChunks, pushManifest } from "./registry-push.ts";
import { parseJson, runIngot, type IngotResult } from "./run-ingot.ts";
import { makeTestHome, type TestHome } from "./runtime-image.ts";
import { removeTestHome } from "./stop-instances.ts";

/** What a service of the world is told to be: the text below `services: app:`, and of which image. */
export type Version = {
  readonly tag: string;
  /** Variables of the image itself: APP_BROKEN … */
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * A controller that runs instances of test/support/test-app.pl, a person who may release them, and one who may do anything. Everything is real: registry, policy, runc, HAProxy, guard.
 */
export class FleetWorld {
  readonly folder: string;
  readonly home: string;
  /** Where the service `app` listens. */
  readonly port: number;
  readonly listen: string;
  #controller: ControllerProcess | undefined;
  #admin: Person | undefined;
  #dora: Person | undefined;
  readonly #store: TestHome;
  readonly #options: WorldOptions;
  readonly #runtime: string;

  private constructor(
    store: TestHome,
    ports: { readonly app: number; readonly controller: number },
    options: WorldOptions,
  ) {
    this.#store = store;
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), "ingot-fleet-"));
    this.home = options.home ?? join(this.folder, "controller");
    this.port = ports.app;
    this.listen = `127.0.0.1:${ports.controller}`;
    this.#runtime = options.runtime ?? "runc";
  }

  /** Starts the controller, registers people, and pushes what all versions share. */
  static async open(options: WorldOptions = {}): Promise<FleetWorld> {
    const world = new FleetWorld(
      await makeTestHome(),
      { app: await freePort(), controller: await freePort() },
      options,
    );
    mkdirSync(world.home, { recursive: true, mode: 0o700 });
    if (options.settings !== undefined)
      writeFileSync(join(world.home, "controller.yaml"), options.settings, { mode: 0o600 });
    await world.start();
    world.#admin = await enrolAdmin(world.controller);
    world.#dora = await joinController(world.admin, { principal: "user:dora", roles: ["deployer", "auditor"] });
    world.write(options.service ?? "");
    const applied = await world.ingot(["policy", "apply"], world.admin);
    assert.equal(applied.code, 0, applied.stderr);
    return world;
  }

  get controller(): ControllerProcess {
    assert.ok(this.#controller, "the controller was not started");
    return this.#controller;
  }

  get admin(): Person {
    assert.ok(this.#admin);
    return this.#admin;
  }

  get dora(): Person {
    assert.ok(this.#dora);
    return this.#dora;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const args = ["--runtime", this.#runtime];
    const { env = {} } = this.#options;
    this.#controller = await startController({ home: this.home, listen: this.listen, args, env });
  }

  /** SIGKILL and a new start, with everybody's tokens as they were. */
  async restart(how: "kill" | "stop" = "kill"): Promise<void> {
    await this.controller[how]();
    await this.start();
  }

  /** The project's file; `service`: lines below `services: app:`. */
  write(service: string): void {
    const lines = service.split("\n").filter((line) => line !== "");
    const text = `project: shop
images:
  app: {base: "debian:bookworm", command: [/bin/true], port: 8080}
services:
  app:
    image: app
    listen: 127.0.0.1:${this.port}
${lines.map((line) => `    ${line}`).join("\n")}
environments:
  testing: {policy: open.cedar}
`;
    writeFileSync(join(this.folder, "ingot.yaml"), text);
    writeFileSync(
      join(this.folder, "open.cedar"),
      '@id("reads")\npermit(principal, action == Action::"audit", resource);\n',
    );
  }

  /** An image of the application whose answers tell its tag. */
  async push({ tag, environment = {} }: Version): Promise<Digest> {
    const store = openStore(this.#store.ctx);
    const raw = store.readBlob(this.#store.image.digest);
    const manifest = parseImageManifest(raw);
    const base = JSON.parse(store.readBlob(manifest.config.digest).toString("utf8")) as ImageConfig;
    const script = readFileSync(join(import.meta.dirname, "test-app.pl"), "utf8");
    const variables = { APP_VERSION: tag, ...environment };
    const config = canonicalJson({
      ...base,
      config: {
        ...base.config,
        Entrypoint: [],
        Cmd: ["perl", "-e", script],
        Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      },
    });
    const content = canonicalJson({
      ...(JSON.parse(raw.toString("utf8")) as object),
      config: { ...manifest.config, digest: digestOf(config), size: config.length },
    });
    if (!this.#hasLayers)
      for (const layer of manifest.layers) await pushInChunks(this.admin, "shop/app", store.readBlob(layer.digest));
    this.#hasLayers = true;
    await pushInChunks(this.admin, "shop/app", config);
    await pushManifest(this.admin, { repository: "shop/app", reference: tag, manifest: content });
    return digestOf(content);
  }

  #hasLayers = false;

  ingot(args: readonly string[], person: Person = this.dora): Promise<IngotResult> {
    const env = {
      INGOT_HOME: join(this.folder, "home"),
      INGOT_URL: `http://${this.listen}`,
      INGOT_TOKEN: person.token,
    };
    return runIngot(args, { cwd: this.folder, env });
  }

  async json<T>(args: readonly string[], person: Person = this.dora): Promise<T> {
    const result = await this.ingot([...args, "--json"], person);
    assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
    return parseJson<T>(result);
  }

  /** Releases a version and waits for the end of its rollout. */
  deploy(tag: string, ...options: readonly string[]): Promise<IngotResult> {
    return this.ingot(["deploy", "app", "--to", "testing", "--image", `shop/app:${tag}`, ...options]);
  }

  /** What answers at the service's address now. */
  async page(path = "/"): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(30_000) });
    return answer.text();
  }

  /** SIGKILL to the first process of an instance, as a crash of its program would be; resolves when it is gone. */
  async killInstance(id: string): Promise<void> {
    const states = await runcRuntime(processContext({ home: this.home })).list();
    const pid = states.find((one) => one.id === id)?.pid;
    assert.ok(pid !== undefined, `${id} does not run`);
    const identity = identifyProcess(pid);
    process.kill(pid, "SIGKILL");
    if (identity === undefined) return;
    while (isSameProcess(identity)) await sleep(1);
  }

  /** The same person again, when an hour is over or the home is another. */
  async signInAgain(): Promise<void> {
    const url = `http://${this.listen}`;
    this.#dora = await signIn({ url, principal: "user:dora", key: this.dora.key });
    this.#admin = await signIn({ url, principal: "user:root", key: this.admin.key });
  }

  /** Ends the controller, and then everything that it left running. */
  async close(): Promise<void> {
    await this.#controller?.stop();
    await this.#options.onClose?.(this);
    await removeFleet(this.home);
    await removeTestHome(this.#store);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type WorldOptions = {
  readonly service?: string;
  readonly runtime?: string;
  /** The controller's folder; by default one of the world's own. Whoever gives one removes it. */
  readonly home?: string;
  /** Variables of the controller's process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The text of controller.yaml. */
  readonly settings?: string;
  readonly onClose?: (world: FleetWorld) => Promise<void>;
};

/** Stops instances and proxies of a home whose controller has ended. */
async function removeFleet(home: string): Promise<void> {
  const stopped = await runIngot(["stop", "--all", "--timeout", "0s", "--quiet"], { env: { INGOT_HOME: home } });
  assert.ok([0, 1].includes(stopped.code), stopped.stderr);
  const traffic = haproxyTraffic(processContext({ home }));
  for (const key of await traffic.list()) await traffic.remove(key, { drain: 0 });
}
