import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { newerTool } from "../../../test/support/newer-tools.ts";
import { startRegistry, type TestRegistry } from "../../api/registry/registry.fixture.ts";
import { runCommand } from "../../ground/run-command.ts";
import { trustedRoot } from "../../ledger/signatures/trusted-root.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { openTestController, principal } from "../controller.fixture.ts";
import { makeEvent, system } from "../events/events.ts";
import { setOperations, type Operations } from "../operations.ts";
import { collect } from "../registry/collect.ts";
import { capturesOf } from "../state/captures.ts";
import { digestFor, openEnvironment, record } from "../verbs/releases.fixture.ts";
import { captureDrift, type Capture } from "./capture-drift.ts";
import { captureNow } from "./capture-now.ts";
import { driftOf, place, sayGuard, startInstance } from "./drift.fixture.ts";
import { readGuardKey } from "./guard-key.ts";
import { recordDrift } from "./record-drift.ts";
import { requireGuard } from "./require-guard.ts";

const of = { ...place, release: 4, image: digestFor("web") };
const instance = "web-1" as InstanceId;

type World = TestRegistry & { readonly capture: Capture; readonly folder: string };

/** A registry with one capture of drift, and a folder. */
async function makeWorld(t: TestContext): Promise<World> {
  const registry = await startRegistry(t, { now: new Date() });
  const { controller } = registry;
  await startInstance(controller, instance);
  const { id: drift } = await recordDrift(controller, driftOf(instance), of);
  const capture = await captureDrift(controller, sayGuard(), { ...of, instance, drift });
  const folder = mkdtempSync(join(tmpdir(), "ingot-drift-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return { ...registry, capture, folder };
}

test("a capture is an artifact for auditors, whose files oras writes as they were", async (t) => {
  const { host, capture, folder, enter, as, controller } = await makeWorld(t);
  assert.equal(capture.repository, "drift/production/web");
  const auditor = as(await enter("user:auditor", ["auditor"]));
  const path = `/v2/${capture.repository}/manifests/${capture.artifact}`;
  const manifest = (await (await auditor.send("GET", path)).json()) as Manifest;
  assert.equal(manifest.artifactType, "application/vnd.ingot.drift.v1");
  assert.deepEqual(
    manifest.layers.map(({ annotations }) => annotations["org.opencontainers.image.title"]),
    ["changed.tar", "maps/100.txt", "programs/aa", "summary.json"],
  );
  assert.equal(manifest.annotations["dev.ingot.drift.rule"], "foreign-executable");
  for (const [name, role] of [
    ["dev", "developer"],
    ["ci", "builder"],
    ["boss", "approver"],
  ] as const) {
    const other = as(await enter(`user:${name}`, [role]));
    assert.equal((await other.send("GET", path)).status, 403, role);
    assert.equal(
      (await other.send("GET", `/v2/${capture.repository}/referrers/${capture.artifact}`)).status,
      403,
      role,
    );
  }
  const admin = as(await enter("user:root", ["admin"]));
  await assert.rejects(admin.pushBlob("drift/production/web", "forged"), /403/);
  // Nothing of it is left where others could find it.
  assert.deepEqual(readdirSync(join(controller.ctx.home, "tmp")), []);
  const oras = newerTool("oras");
  if (oras === undefined) return t.skip("needs oras: not installed");
  const config = ["--plain-http", "--registry-config", join(folder, "oras.json")];
  await runCommand(oras, ["login", ...config, "--username", "auditor", "--password-stdin", host], {
    input: auditor.token,
  });
  await runCommand(oras, [
    "pull",
    ...config,
    "-o",
    join(folder, "out"),
    `${host}/${capture.repository}@${capture.artifact}`,
  ]);
  assert.equal(readFileSync(join(folder, "out/maps/100.txt"), "utf8"), "maps\n");
});

test("cosign verifies what the controller says about a capture, with its log and no insecure flag", async (t) => {
  const cosign = newerTool("cosign");
  if (cosign === undefined) return t.skip("needs cosign: not installed");
  const { host, capture, folder, enter, controller } = await makeWorld(t);
  const token = await enter("user:auditor", ["auditor"]);
  const auth = Buffer.from(`auditor:${token}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  writeFileSync(join(folder, "guard.pub"), readGuardKey(controller.ctx).key.pem);
  const keys = [{ verifierKey: controller.signatures.verifierKey, from: new Date("2026-01-01") }];
  const { baseUrl } = controller.settings;
  writeFileSync(join(folder, "root.json"), JSON.stringify(trustedRoot({ baseUrl, keys })));
  const verify = (type: string) =>
    runCommand(
      cosign,
      [
        "verify-attestation",
        "--key=guard.pub",
        "--trusted-root=root.json",
        `--type=${type}`,
        "--allow-http-registry",
        `${host}/${capture.repository}@${capture.artifact}`,
      ],
      { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, DOCKER_CONFIG: folder }, allowFailure: true },
    );
  const { code, stdout, stderr } = await verify("https://ingot.dev/attestation/drift/v1");
  assert.equal(code, 0, stderr);
  const { payload } = JSON.parse(stdout) as { payload: string };
  const { predicate } = JSON.parse(Buffer.from(payload, "base64").toString()) as { predicate: Predicate };
  assert.deepEqual([predicate.instance, predicate.drift.rule], ["web-1", "foreign-executable"]);
  // Its own check: of another type there is none.
  assert.notEqual((await verify("cyclonedx")).code, 0);
});

test("garbage collection leaves a capture, and takes what was never put on the record", async (t) => {
  const { controller, capture } = await makeWorld(t);
  const { store } = controller;
  const loose = store.putBlob("of a capture that was cut off");
  const blobs = join(store.folder, "blobs/sha256");
  for (const name of readdirSync(blobs)) utimesSync(join(blobs, name), 0, 0);
  const collected = await collect(controller, { actor: "user:admin", grace: 0 });
  assert.deepEqual(
    collected.blobs.map(({ digest }) => digest),
    [loose],
  );
  assert.ok(store.hasBlob(capture.artifact));
});

test("a capture that fails is on the record with its reason, and leaves nothing behind", async (t) => {
  const { controller } = await openTestController(t);
  await startInstance(controller, instance);
  const { id: drift } = await recordDrift(controller, driftOf(instance), of);
  const guard = sayGuard();
  guard.files = new Error("it is gone");
  await assert.rejects(captureDrift(controller, guard, { ...of, instance, drift }), { code: "capture-failed" });
  const [capture] = capturesOf(controller.ledger.state, { ...place, instance });
  assert.ok(capture !== undefined && "why" in capture);
  assert.equal(capture.why, "it is gone");
  assert.deepEqual(readdirSync(join(controller.ctx.home, "tmp")), []);
});

test("beyond so many bytes a day, files of an instance are kept no more, and that is said", async (t) => {
  const { controller } = await openTestController(t);
  const before = { ...place, instance: "web-0", repository: "drift/production/web", artifact: digestFor("x"), key: "" };
  await record(controller, makeEvent(system, "drift.captured", { ...before, bytes: 3 * 1024 ** 3 }));
  const { artifact } = await captureDrift(controller, sayGuard(), { ...of, instance });
  const manifest = JSON.parse(controller.store.readBlob(artifact).toString()) as Manifest;
  assert.deepEqual(
    manifest.layers.map(({ annotations }) => annotations["org.opencontainers.image.title"]),
    ["maps/100.txt", "summary.json"],
  );
  assert.equal(manifest.annotations["dev.ingot.drift.left-out"], "2 files");
});

test("a person with the right to debug has a living instance captured, under their name", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, openEnvironment("production"));
  await startInstance(controller, instance);
  const guard = sayGuard();
  const ask = (role: "auditor" | "deployer", id: string) =>
    captureNow(controller, guard, { ...place, principal: principal("alice", role), instance: id });
  await assert.rejects(ask("auditor", instance), { code: "policy-denied" });
  await assert.rejects(ask("deployer", "web-2"), { code: "instance-unknown" });
  await assert.rejects(ask("deployer", "../../etc"), { code: "instance-unknown" });
  assert.deepEqual(guard.captured, []);
  await ask("deployer", instance);
  const [capture] = capturesOf(controller.ledger.state, { ...place, instance });
  assert.equal(capture?.askedBy, "user:alice");
});

test("a controller whose instances are not watched says so", async (t) => {
  const { controller } = await openTestController(t);
  assert.throws(() => requireGuard(controller), { code: "fleet-not-here" });
  setOperations(controller, { close: async () => {} } as unknown as Operations);
  assert.throws(() => requireGuard(controller), { code: "guard-not-here" });
});

test("the key is made at first need, for nobody else to read, and refused where others could", async (t) => {
  const { ctx } = await openTestController(t);
  const path = join(ctx.home, "ledger/guard.key");
  assert.equal(existsSync(path), false);
  const { key } = readGuardKey(ctx);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readGuardKey(ctx).key, key);
  writeFileSync(path, "nothing");
  assert.throws(() => readGuardKey(ctx), { code: "key-malformed" });
  rmSync(path);
  writeFileSync(path, "", { mode: 0o644 });
  assert.throws(() => readGuardKey(ctx), { code: "key-exposed" });
});

type Manifest = {
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly { readonly annotations: Readonly<Record<string, string>> }[];
};
type Predicate = { readonly instance: string; readonly drift: { readonly rule: string } };
