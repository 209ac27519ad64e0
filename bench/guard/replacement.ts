import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { ServiceInstance, ServiceView } from "../../src/fleet/engine/engine.ts";
import { principal } from "../../src/controller/controller.fixture.ts";
import { key, openTestFleet, type TestFleet } from "../../src/controller/fleet/fleet.fixture.ts";
import { deploy } from "../../src/controller/verbs/deploy.ts";
import { parseConfiguration } from "../../src/controller/verbs/release-configuration.ts";
import { isInstalled } from "../../test/support/runtime-image.ts";
import type { BenchWork } from "../comparison.ts";
import { describeTimes, printTitle } from "./print-times.ts";

/** Milliseconds from what the kernel saw. */
type Course = { readonly told: number; readonly captured: number; readonly replaced: number };

/** Somebody of the host enters an instance of a service that runs by controller, runc and HAProxy: from that to another one serving, and the entered one destroyed. */
export async function printReplacement({ folder }: BenchWork, times: number): Promise<void> {
  if (!isInstalled("haproxy")) return console.error("guard, replacement: skipped, needs haproxy: not installed");
  mkdirSync(folder, { recursive: true });
  const temporary = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  const fleet = await openTestFleet();
  try {
    await release(fleet);
    const told = new Map<string, number>();
    fleet.operations().guard?.onDrift(({ instance }) => told.has(instance) || told.set(instance, Date.now()));
    const courses: Course[] = [];
    for (let time = 0; time < times; time += 1) courses.push(await enterOnce(fleet, told));
    printTitle(
      `an entry from the host, ${times} times: found, frozen, captured, replaced`,
      "two instances that are ready at once, health checks every 50 ms; to reach: 1 s and the application's readiness",
    );
    for (const [name, stage] of stages) console.log(`  kernel saw → ${name}  ${describeTimes(courses.map(stage))}`);
  } finally {
    await fleet.close();
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
  }
}

const stages: readonly (readonly [string, (course: Course) => number])[] = [
  ["frozen, and the controller told", ({ told }) => told],
  ["captured, signed and on the record", ({ captured }) => captured],
  ["another one serves, this one destroyed", ({ replaced }) => replaced],
];

async function release(fleet: TestFleet): Promise<void> {
  const configuration = parseConfiguration({
    replicas: 2,
    listen: `127.0.0.1:${fleet.port}`,
    health: { get: "/health", interval: "50ms", healthy_after: 1 },
    drain: "1s",
    grace: "0s",
    update: { max_parallel: 2, min_healthy_time: "0s", scale_down_delay: "0s" },
  });
  const image = await fleet.push("1");
  await deploy(fleet.controller(), principal("dora", "deployer"), { ...key, image, configuration, reason: "" });
  await fleet.until("two instances that serve", (view) => view.isSettled && serving(view).length === 2);
}

function serving({ instances }: ServiceView): readonly ServiceInstance[] {
  return instances.filter(({ traffic }) => traffic.status === "in");
}

async function enterOnce(fleet: TestFleet, told: ReadonlyMap<string, number>): Promise<Course> {
  // Ten entries in a minute are what the limits are there for.
  await fleet.operations().guard?.resetBreaker(key);
  const view = await fleet.until("two that serve", (one) => one.isSettled && serving(one).length === 2 && one);
  const { id } = serving(view)[0] ?? {};
  const { pid } = (await fleet.operations().runtime.list()).find((one) => one.id === id) ?? {};
  // Waited for by nobody: it may be frozen together with the instance.
  spawn("nsenter", ["-t", String(pid), "-m", "-p", "true"], { stdio: "ignore" }).unref();
  const { ledger } = fleet.controller();
  return fleet.until(`the replacement of ${id}`, () => {
    const events = [...ledger.events()].filter(({ data }) => data.instance === id);
    const [found, captured, replaced] = ["drift.found", "drift.captured", "drift.replaced"].map((wanted) =>
      events.find(({ type }) => type === wanted),
    );
    if (found === undefined || captured === undefined || replaced === undefined) return undefined;
    const since = Number(found.data.seen);
    return {
      told: (told.get(id ?? "") ?? Number.NaN) - since,
      captured: Date.parse(captured.time) - since,
      replaced: Number(replaced.data.milliseconds),
    };
  });
}
