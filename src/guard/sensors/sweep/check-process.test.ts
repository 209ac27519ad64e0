import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import type { InstanceId } from "../../../runtime/runtime.ts";
import { openImageFiles } from "../../content/image-files.ts";
import type { Drift } from "../../guard.ts";
import { findHierarchies } from "../../response/freeze-cgroup.ts";
import { openDesk } from "../../watch/open-desk.ts";
import type { Watch } from "../../watch/watch.ts";
import { checkProcess } from "./check-process.ts";

const id = "web-1" as InstanceId;
const instance = {
  id,
  environment: "production",
  service: "web",
  release: 1,
  image: `sha256:${"0".repeat(64)}` as const,
  pid: process.pid,
  cgroup: "/ingot/none",
  content: { path: "/", sha256: "" },
  writable: [],
  mode: "observe",
  exceptions: [],
} as unknown as Watch["instance"];
const watch: Watch = {
  instance,
  baseline: {
    process: { pid: process.pid, startTime: "", bootId: "" },
    mounts: [],
    namespaces: { mnt: "mnt:[1]" },
    settings: {},
    idMaps: {},
  },
  view: { image: openImageFiles("/"), covered: [], isSealed: true },
  userNamespace: undefined,
};

test("who came with an announced entry and is in no namespace of its files is told of when it took too long", (t) => {
  const child = spawn("sleep", ["100"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  let later = 0;
  const found: Drift[] = [];
  const { desk, onDrift } = openDesk({
    now: () => Date.now() + later,
    follow: async () => {},
    nameOf: () => "",
    lookForOthers: () => {},
    lookAgain: () => {},
    hierarchies: findHierarchies(),
    responder: { watch: () => {}, respond: () => "observed", breakers: () => [], reset: () => {} },
  });
  onDrift((drift) => found.push(drift));
  desk.watches.set(id, watch);
  desk.table.add(pid, { instance: id, origin: "host" });
  desk.arriving.set(pid, id);
  desk.expectations.add({ instance: id, command: ["/bin/true"], milliseconds: 120_000 });
  checkProcess(desk, watch, pid, { sensor: "sweep", isMember: true });
  assert.equal(found.length, 0);
  later = 31_000;
  checkProcess(desk, watch, pid, { sensor: "sweep", isMember: true });
  assert.equal(found[0]?.rule, "entered-from-host");
});
