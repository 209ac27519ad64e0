import assert from "node:assert/strict";
import { test } from "node:test";
import { pushImage, startRegistry } from "../../api/registry/registry.fixture.ts";
import { digestOf } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { makeEvent } from "../events/events.ts";
import { makeKey } from "../identity/identity.fixture.ts";
import { listStatementKeys } from "../state/identities.ts";
import { register } from "../statements/door.fixture.ts";
import { acceptStatement, record } from "../verbs/releases.fixture.ts";
import { openRecentPulls } from "./recent-pulls.ts";

const repository = "shop/web";

test("a layer of the image that somebody pulls is served, also when hundreds of newer images share it that are not permitted", async (t) => {
  const world = await startRegistry(t);
  const { controller, admin } = world;
  const old = await pushImage(admin, repository, { tag: "1" });
  const text = `forbid(principal, action, resource) when { context has image } unless { context.image.statements.contains("signature") };`;
  const policy = { environment: "signed", approvals: 0, files: [{ name: "signed.cedar", text }], digest: "sha256:0" };
  const builder = { role: "builder", key: { ...makeKey(), role: "builder", from: "" } } as const;
  await record(controller, makeEvent("user:admin", "policy.applied", policy), register("workload:ci", builder));
  const [key] = listStatementKeys(controller.ledger.state);
  const said = { key: key?.id ?? "", kind: "signature", facts: { kind: "none" } } as const;
  await record(controller, acceptStatement(old.digest, said));
  const more = { mediaType: mediaTypes.imageManifest, kind: "image", size: 1, manifests: [] } as const;
  const newer = Array.from({ length: 100 }, (_, at) =>
    makeEvent("user:admin", "manifest.pushed", {
      repository,
      digest: digestOf(`newer ${at}`),
      blobs: [old.layer],
      ...more,
    }),
  );
  await record(controller, ...newer);
  const host = world.as(await world.enter("workload:host-1", ["host"], "signed"));
  assert.equal((await host.send("GET", `/v2/${repository}/manifests/1`)).status, 200);
  const before = controller.ledger.log.checkpoint().size;
  assert.equal((await host.send("GET", `/v2/${repository}/blobs/${old.layer}`)).status, 200);
  assert.equal(
    controller.ledger.log.checkpoint().size,
    before,
    "nothing was decided about images that nobody asked for",
  );
});

test("what somebody pulled last is remembered for them, their environment and that repository alone", () => {
  const recent = openRecentPulls();
  const host = { kind: "workload", name: "host-1", groups: [], roles: ["host"], environment: "production" } as const;
  for (const digest of ["one", "two", "one"]) recent.note(host, repository, digest);
  assert.deepEqual(recent.of(host, repository), ["one", "two"]);
  assert.deepEqual(recent.of({ ...host, environment: "staging" }, repository), []);
  assert.deepEqual(recent.of({ ...host, name: "host-2" }, repository), []);
  assert.deepEqual(recent.of(host, "shop/other"), []);
  for (let at = 0; at < 100; at += 1) recent.note(host, repository, String(at));
  assert.equal(recent.of(host, repository).length, 16);
});
