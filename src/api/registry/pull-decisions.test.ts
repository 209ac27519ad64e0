import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { makeKey } from "../../controller/identity/identity.fixture.ts";
import { listStatementKeys } from "../../controller/state/identities.ts";
import { register } from "../../controller/statements/door.fixture.ts";
import {
  acceptStatement,
  openEnvironment,
  record,
  strictEnvironment,
} from "../../controller/verbs/releases.fixture.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { codesOf, pushImage, startRegistry, type RegistryClient, type TestRegistry } from "./registry.fixture.ts";

/** A registry with the environments `production`, whose policy is the shipped one, and `open`, which asks nothing. */
async function startWithEnvironments(
  t: Parameters<typeof startRegistry>[0],
): Promise<TestRegistry & { readonly production: RegistryClient; readonly open: RegistryClient }> {
  const world = await startRegistry(t);
  await record(world.controller, strictEnvironment("production", 2), openEnvironment("open"));
  return {
    ...world,
    production: world.as(await world.enter("workload:host-1", ["host"], "production")),
    open: world.as(await world.enter("workload:host-2", ["host"], "open")),
  };
}

function decisionsOf({ controller }: TestRegistry): readonly Readonly<Record<string, unknown>>[] {
  return [...controller.ledger.events()].flatMap(({ type, data }) =>
    type === "decision.made" && data.action === "pull" ? [data] : [],
  );
}

test("an image that policy does not permit in the token's environment is not served, with policy, missing facts and next command", async (t) => {
  const world = await startWithEnvironments(t);
  const { digest, layer } = await pushImage(world.admin, "shop/web", { tag: "1" });
  const answer = await world.production.send("GET", "/v2/shop/web/manifests/1");
  assert.equal(answer.status, 403);
  const { errors } = (await answer.json()) as {
    errors: readonly { code: string; message: string; detail: { code: string; details: string[]; hint: string } }[];
  };
  const [error] = errors;
  assert.equal(error?.code, "DENIED");
  assert.equal(error.detail.code, "policy-denied");
  for (const policy of ["signed", "provenance", "sbom", "scan", "approvals"]) {
    assert.ok(
      error.detail.details.some((line) => line.startsWith(`${policy}: `)),
      `${policy} is named`,
    );
  }
  assert.match(error.message, /workload:host-1 may not pull repository shop\/web: .*→ ingot attest .*Next: ingot/);
  for (const path of [`manifests/${digest}`, `blobs/${layer}`]) {
    assert.equal((await world.production.send("GET", `/v2/shop/web/${path}`)).status, 403);
    assert.equal((await world.production.send("HEAD", `/v2/shop/web/${path}`)).status, 403);
    assert.equal((await world.open.send("GET", `/v2/shop/web/${path}`)).status, 200);
  }
});

test("a decision about a pull is on the record once for each change, not for each request", async (t) => {
  const world = await startWithEnvironments(t);
  const { digest } = await pushImage(world.admin, "shop/web", { tag: "1" });
  const before = decisionsOf(world).length;
  for (let again = 0; again < 3; again += 1) {
    await world.production.send("GET", "/v2/shop/web/manifests/1");
    await world.open.send("GET", "/v2/shop/web/manifests/1");
  }
  const made = decisionsOf(world).slice(before);
  assert.deepEqual(
    made.map(({ principal, environment, image, permit }) => [principal, environment, image, permit]),
    [
      ["workload:host-1", "production", digest, false],
      ["workload:host-2", "open", digest, true],
    ],
  );
});

test("what is remembered of a decision ends with what it rests on: a policy, a revocation", async (t) => {
  const world = await startWithEnvironments(t);
  const { digest } = await pushImage(world.admin, "shop/web", { tag: "1" });
  const status = async (client: RegistryClient) => (await client.send("GET", "/v2/shop/web/manifests/1")).status;
  assert.deepEqual([await status(world.production), await status(world.open)], [403, 200]);
  await record(world.controller, openEnvironment("production"));
  assert.deepEqual([await status(world.production), await status(world.open)], [200, 200]);
  const revocation = await record(
    world.controller,
    makeEvent("user:admin", "revocation.made", { subject: { kind: "image", digest }, reason: "a test" }),
  );
  const images = [{ digest, how: "itself" }];
  await record(world.controller, makeEvent("user:admin", "revocation.reached", { revocation, images }));
  assert.deepEqual([await status(world.production), await status(world.open)], [403, 403]);
  assert.equal(await status(world.admin), 200);
});

test("what is remembered of a decision ends when evidence is deleted that it rests on", async (t) => {
  const world = await startRegistry(t);
  const { digest } = await pushImage(world.admin, "shop/web", { tag: "1" });
  const text = `forbid(principal, action, resource) when { context has image } unless { context.image.statements.contains("signature") };`;
  const signature = digestOf("a signature");
  await record(
    world.controller,
    makeEvent("user:admin", "policy.applied", {
      environment: "signed",
      approvals: 0,
      files: [{ name: "signed.cedar", text }],
      digest: "sha256:0",
    }),
    register("workload:ci", { role: "builder", key: { ...makeKey(), role: "builder", from: "" } }),
  );
  const [key] = listStatementKeys(world.controller.ledger.state);
  const said = { key: key?.id ?? "", manifest: signature, kind: "signature", facts: { kind: "none" } } as const;
  await record(world.controller, acceptStatement(digest, said));
  const host = world.as(await world.enter("workload:host", ["host"], "signed"));
  assert.equal((await host.send("GET", `/v2/shop/web/manifests/${digest}`)).status, 200);
  await record(
    world.controller,
    makeEvent("user:admin", "manifest.deleted", { repository: "shop/web", digest: signature }),
  );
  assert.equal((await host.send("GET", `/v2/shop/web/manifests/${digest}`)).status, 403);
});

test("a token for an environment opens nothing in another one, also for an image that is permitted there", async (t) => {
  const world = await startWithEnvironments(t);
  await pushImage(world.admin, "shop/web", { tag: "1" });
  assert.equal((await world.open.send("GET", "/v2/shop/web/manifests/1")).status, 200);
  assert.equal((await world.production.send("GET", "/v2/shop/web/manifests/1")).status, 403);
  const answer = await world.open.send("PUT", "/v2/shop/web/manifests/2", {
    headers: { "content-type": mediaTypes.imageManifest },
    body: "{}",
  });
  assert.deepEqual([answer.status, await codesOf(answer)], [403, ["DENIED"]]);
});

async function pushArtifact(client: RegistryClient, subject: Digest, more: object): Promise<Digest> {
  const config = { mediaType: mediaTypes.empty, digest: await client.pushBlob("shop/web", "{}"), size: 2 };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: "application/vnd.example.note",
    config,
    layers: [config],
    subject: { mediaType: mediaTypes.imageManifest, digest: subject, size: 1 },
    ...more,
  };
  const digest = digestOf(JSON.stringify(manifest));
  const answer = await client.pushManifest("shop/web", digest, manifest);
  assert.equal(answer.status, 201);
  return digest;
}

/** An environment for one image alone, by its digest. */
function environmentFor(digest: Digest): ReturnType<typeof makeEvent> {
  const text = `@id("one")\nforbid(principal, action == Action::"pull", resource) unless { context.image.digest == "${digest}" };`;
  const files = [{ name: "one.cedar", text }];
  return makeEvent("user:admin", "policy.applied", { environment: "one", approvals: 0, files, digest: digestOf(text) });
}

test("attack: a token for one environment, also an admin's, neither pushes nor deletes", async (t) => {
  const world = await startWithEnvironments(t);
  const { digest } = await pushImage(world.admin, "shop/web", { tag: "1" });
  const hosts = world.as(await world.enter("user:root", ["admin"], "open"));
  assert.equal((await hosts.send("GET", "/v2/shop/web/manifests/1")).status, 200);
  for (const [method, path] of [
    ["POST", "blobs/uploads/"],
    ["PUT", "manifests/2"],
    ["DELETE", "manifests/1"],
    ["DELETE", `manifests/${digest}`],
  ] as const) {
    const answer = await hosts.send(method, `/v2/shop/web/${path}`);
    assert.equal(answer.status, 403, `${method} ${path}`);
    assert.match(await answer.text(), /the token is for the environment open.*rule token-environment/);
  }
  assert.equal((await world.admin.send("GET", "/v2/shop/web/manifests/1")).status, 200);
});

test("what is attached to a permitted image may be read, but not an image that is attached to it", async (t) => {
  const world = await startRegistry(t);
  const good = await pushImage(world.admin, "shop/web", { tag: "1" });
  const evil = await pushImage(world.admin, "shop/web", {
    text: "evil",
    more: { subject: { mediaType: mediaTypes.imageManifest, digest: good.digest, size: 1 } },
  });
  const note = await pushArtifact(world.admin, good.digest, {});
  const aboutNote = await pushArtifact(world.admin, note, { annotations: { about: "the note" } });
  const aboutEvil = await pushArtifact(world.admin, evil.digest, { annotations: { about: "evil" } });
  // As engines that look at the layers alone would run it.
  const disguised = await pushArtifact(world.admin, good.digest, {
    layers: [{ mediaType: mediaTypes.layerTar, digest: evil.layer, size: 4 }],
  });
  await record(world.controller, environmentFor(good.digest));
  const host = world.as(await world.enter("workload:host-1", ["host"], "one"));
  const status = async (digest: Digest) => (await host.send("GET", `/v2/shop/web/manifests/${digest}`)).status;
  assert.deepEqual(await Promise.all([good.digest, note, aboutNote].map(status)), [200, 200, 200]);
  assert.deepEqual(await Promise.all([evil.digest, aboutEvil, disguised].map(status)), [403, 403, 403]);
  assert.equal((await host.send("GET", `/v2/shop/web/blobs/${evil.layer}`)).status, 403);
  assert.equal((await host.send("GET", `/v2/shop/web/referrers/${good.digest}`)).status, 200);
  assert.equal((await host.send("GET", `/v2/shop/web/referrers/${evil.digest}`)).status, 403);
});

test("an index is served when one of its images may be pulled, and each of them is decided by itself", async (t) => {
  const world = await startRegistry(t);
  const good = await pushImage(world.admin, "shop/web");
  const evil = await pushImage(world.admin, "shop/web", { text: "evil" });
  const index = async (tag: string, ...images: readonly (typeof good)[]): Promise<void> => {
    const manifests = images.map(({ digest, manifest }) => ({
      mediaType: mediaTypes.imageManifest,
      digest,
      size: JSON.stringify(manifest).length,
    }));
    await world.admin.pushManifest("shop/web", tag, { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests });
  };
  await index("both", good, evil);
  await index("evil", evil);
  await record(world.controller, environmentFor(good.digest));
  const host = world.as(await world.enter("workload:host-1", ["host"], "one"));
  const status = async (reference: string) => (await host.send("GET", `/v2/shop/web/manifests/${reference}`)).status;
  assert.deepEqual(await Promise.all(["both", good.digest, "evil", evil.digest].map(status)), [200, 200, 403, 403]);
});

test("a layer that a permitted image shares with a forbidden one is served", async (t) => {
  const world = await startRegistry(t);
  const good = await pushImage(world.admin, "shop/web", { text: "shared" });
  await pushImage(world.admin, "shop/web", { text: "shared", more: { annotations: { newer: "yes" } } });
  await record(world.controller, environmentFor(good.digest));
  const host = world.as(await world.enter("workload:host-1", ["host"], "one"));
  assert.equal((await host.send("GET", `/v2/shop/web/blobs/${good.layer}`)).status, 200);
});

test("nobody is told anything without a token, but where to get one and for what", async (t) => {
  const { url } = await startRegistry(t);
  const rows = [
    ["GET", "/v2/", ""],
    ["GET", "/v2/shop/web/manifests/1", ',scope="repository:shop/web:pull"'],
    ["POST", "/v2/shop/web/blobs/uploads/", ',scope="repository:shop/web:pull,push"'],
  ] as const;
  for (const [method, path, scope] of rows) {
    const answer = await fetch(`${url}${path}`, { method });
    assert.equal(answer.status, 401);
    const expected = `Bearer realm="${url}/token",service="${new URL(url).host}"${scope}`;
    assert.equal(answer.headers.get("www-authenticate"), expected);
    assert.deepEqual(await codesOf(answer), ["UNAUTHORIZED"]);
  }
  const wrong = await fetch(`${url}/v2/`, { headers: { authorization: "Bearer nonsense" } });
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get("www-authenticate") ?? "", /error="invalid_token"$/);
});
