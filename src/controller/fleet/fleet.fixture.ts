import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceView } from "../../fleet/engine/engine.ts";
import { haproxyTraffic } from "../../fleet/traffic/haproxy-traffic.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageConfig } from "../../oci/image-config.ts";
import { openStore } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { freePort } from "../../../test/support/daemon.ts";
import { makeTestHome, type TestHome } from "../../../test/support/runtime-image.ts";
import { removeTestHome } from "../../../test/support/stop-instances.ts";
import type { Controller } from "../controller.ts";
import { openController } from "../open-controller.ts";
import { openOperations } from "../open-operations.ts";
import type { Operations } from "../operations.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { listAlarms } from "../state/alarms.ts";
import { openEnvironment, pushImage, record } from "../verbs/releases.fixture.ts";

/** A controller in this process that runs a web application in real instances behind a real proxy. */
export type TestFleet = {
  readonly home: string;
  readonly port: number;
  readonly controller: () => Controller;
  readonly operations: () => Operations;
  /** An image of the registry: the application with some variables more. */
  readonly push: (tag: string, variables?: Readonly<Record<string, string>>) => Promise<Digest>;
  readonly view: () => ServiceView | undefined;
  /** Waits until something is so, which is told. */
  readonly until: <T>(what: string, find: (view: ServiceView) => T | undefined | false) => Promise<T>;
  /** Ends this process' part and begins it anew; instances and proxies go on. */
  readonly reopen: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export const key = { environment: "testing", service: "app" } as const;

const script = readFileSync(join(import.meta.dirname, "../../../test/support/test-app.pl"), "utf8");

export async function openTestFleet(settings: Partial<Settings> = {}): Promise<TestFleet> {
  const store = await makeTestHome();
  const port = await freePort();
  let opened = await open(store, settings);
  await record(opened.controller, openEnvironment(key.environment));
  const view = (): ServiceView | undefined => opened.operations.fleet.status(key);
  return {
    home: store.home,
    port,
    controller: () => opened.controller,
    operations: () => opened.operations,
    push: async (tag, variables = {}) => {
      const digest = makeVariant(store, { APP_VERSION: tag, ...variables });
      await record(opened.controller, ...pushImage("shop/app", digest));
      return digest;
    },
    view,
    until: async (what, find) => {
      for (const end = Date.now() + 60_000; ; await sleep(20)) {
        const seen = view();
        const found = seen === undefined ? undefined : find(seen);
        if (found !== undefined && found !== false) return found;
        if (Date.now() < end) continue;
        const told = [seen, listAlarms(opened.controller.ledger.state)];
        assert.fail(`${what} did not come to be: ${JSON.stringify(told, undefined, 1)}`);
      }
    },
    reopen: async () => {
      await closeOpened(opened);
      opened = await open(store, settings);
    },
    close: async () => {
      await closeOpened(opened);
      const traffic = haproxyTraffic(store.ctx);
      for (const one of await traffic.list()) await traffic.remove(one, { drain: 0 });
      await removeTestHome(store);
    },
  };
}

type Opened = { readonly controller: Controller; readonly operations: Operations };

async function open({ ctx }: TestHome, more: Partial<Settings>): Promise<Opened> {
  const settings = { ...readSettings(ctx, { baseUrl: "http://ingot.example", runtime: "runc" }), ...more };
  const controller = await openController(ctx, settings);
  const operations = await openOperations(controller);
  assert.ok(operations);
  return { controller, operations };
}

async function closeOpened({ controller, operations }: Opened): Promise<void> {
  await operations.close();
  await controller.close();
}

function makeVariant({ ctx, image }: TestHome, variables: Readonly<Record<string, string>>): Digest {
  const store = openStore(ctx);
  const raw = store.readBlob(image.digest);
  const manifest = parseImageManifest(raw);
  const base = JSON.parse(store.readBlob(manifest.config.digest).toString("utf8")) as ImageConfig;
  const Env = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const content = canonicalJson({
    ...base,
    config: { ...base.config, Entrypoint: [], Cmd: ["perl", "-e", script], Env },
  });
  const config = { ...manifest.config, digest: store.putBlob(content), size: content.length };
  return store.putBlob(canonicalJson({ ...(JSON.parse(raw.toString("utf8")) as object), config }));
}
