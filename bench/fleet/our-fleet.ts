import { openController } from "../../src/controller/open-controller.ts";
import { openOperations } from "../../src/controller/open-operations.ts";
import type { Operations } from "../../src/controller/operations.ts";
import { readSettings } from "../../src/controller/read-settings.ts";
import { deploy } from "../../src/controller/verbs/deploy.ts";
import { parseConfiguration } from "../../src/controller/verbs/release-configuration.ts";
import { rollback } from "../../src/controller/verbs/rollback.ts";
import type { ServiceKey } from "../../src/fleet/fleet.ts";
import type { ServiceView } from "../../src/fleet/engine/engine.ts";
import { canonicalJson } from "../../src/oci/canonical-json.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { ImageConfig } from "../../src/oci/image-config.ts";
import { openStore } from "../../src/oci/layout.ts";
import { parseImageManifest } from "../../src/oci/manifest.ts";
import type { Principal } from "../../src/policy/policy.ts";
import { openEnvironment, pushImage, record } from "../../src/controller/verbs/releases.fixture.ts";
import { freePort } from "../../test/support/daemon.ts";
import { makeTestHome, type TestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import { command } from "./our-instances.ts";

/** A service of a controller with all that it runs: ledger, policy, guard, the helper that starts instances, and a proxy where the service has an address. */
export type OurFleet = {
  /** A new release: all instances are replaced, start-first and two at a time. Resolves when none of the former is left, or, where those are kept, gets requests. */
  readonly update: () => Promise<void>;
  readonly rollBack: () => Promise<void>;
  /** Resolves when nothing is left to be done. */
  readonly settled: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

/** `listens`: its instances take connections, which come in by a proxy; otherwise they do what Docker's do. `keep`: how long the former ones stay warm; by default they do not. */
export type FleetOptions = {
  readonly replicas: number;
  readonly listens?: boolean;
  readonly keep?: string;
};

const operator: Principal = { kind: "user", name: "operator", groups: [], roles: ["admin"] };
const key: ServiceKey = { environment: "measured", service: "web" };
const accept = "$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 64); 1 while $s->accept";
const listener = ["perl", "-MIO::Socket::INET", "-e", accept];

export async function ourFleet(folder: string, options: FleetOptions): Promise<OurFleet> {
  const { replicas, listens = false, keep } = options;
  const home = await makeTestHome(folder);
  const settings = readSettings(home.ctx, { baseUrl: "http://ingot.example", runtime: "runc" });
  const controller = await openController(home.ctx, settings);
  const operations = await openOperations(controller);
  if (operations === undefined) throw new Error("the controller runs no instances");
  const image = makeVariant(home, { listens });
  await record(controller, openEnvironment(key.environment), ...pushImage("shop/web", image));
  const listen = listens ? `127.0.0.1:${await freePort()}` : undefined;
  const isDone = (view: ServiceView): boolean =>
    keep === undefined
      ? view.isSettled
      : view.instances.filter(({ traffic }) => traffic.status === "in").length === replicas;
  let count = 0;
  const fleet: Omit<OurFleet, "remove"> = {
    settled: () => until(operations, "what is wanted", ({ isSettled }) => isSettled),
    update: async () => {
      count += 1;
      const configuration = configure({ replicas, release: count, listen, keep });
      const { release } = await deploy(controller, operator, { ...key, image, configuration, reason: "" });
      await until(operations, `release ${release.number}`, (view) => view.stable === release.number && isDone(view));
    },
    rollBack: async () => {
      const { release } = await rollback(controller, operator, { ...key, reason: "" });
      await until(operations, `release ${release.number}`, (view) => view.stable === release.number && isDone(view));
    },
  };
  await fleet.update();
  return {
    ...fleet,
    remove: async () => {
      await operations.close();
      await controller.close();
      await operations.traffic.remove(key, { drain: 0 });
      await removeTestHome(home);
    },
  };
}

type Wanted = {
  readonly replicas: number;
  readonly release: number;
  readonly listen: string | undefined;
  readonly keep: string | undefined;
};

/** Nothing of it waits for the sake of waiting, as nothing does on Docker's side. */
function configure({ replicas, release, listen, keep = "0s" }: Wanted) {
  return parseConfiguration({
    replicas,
    environment: { RELEASE: String(release) },
    ...(listen === undefined ? {} : { listen, mode: "tcp", health: { tcp: true, healthy_after: 1 } }),
    drain: "0s",
    grace: "0s",
    update: { max_parallel: 2, min_healthy_time: "0s", scale_down_delay: keep },
  });
}

function until({ fleet }: Operations, what: string, isSo: (view: ServiceView) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => {
    reject(new Error(`${what} did not come to be: ${JSON.stringify(fleet.status(key))}`));
  }, 300_000);
  const look = (): void => {
    const view = fleet.status(key);
    if (view !== undefined && isSo(view)) resolve();
  };
  fleet.onChange(look);
  look();
  return promise.finally(() => clearTimeout(late));
}

/** The test image with another command, and a port only where something listens there. */
function makeVariant({ ctx, image }: TestHome, { listens }: { readonly listens: boolean }): Digest {
  const store = openStore(ctx);
  const raw = store.readBlob(image.digest);
  const manifest = parseImageManifest(raw);
  const base = JSON.parse(store.readBlob(manifest.config.digest).toString("utf8")) as ImageConfig;
  const { ExposedPorts = {}, ...rest } = base.config ?? {};
  const own = listens ? { Cmd: listener, ExposedPorts } : { Cmd: command };
  const content = canonicalJson({ ...base, config: { ...rest, Entrypoint: [], ...own } });
  const config = { ...manifest.config, digest: store.putBlob(content), size: content.length };
  return store.putBlob(canonicalJson({ ...(JSON.parse(raw.toString("utf8")) as object), config }));
}
