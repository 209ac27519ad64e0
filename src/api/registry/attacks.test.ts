import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, statfsSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { openEnvironment, record, strictEnvironment } from "../../controller/verbs/releases.fixture.ts";
import { digestOf } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { openRegistryHandler } from "./registry-handler.ts";
import { codesOf, pushImage, startRegistry, type TestRegistry } from "./registry.fixture.ts";

/** Sends raw bytes, which no client would, and returns everything that comes back until the server closes, or the head of the answer. */
async function sendRaw(url: string, text: string, more?: (write: (text: string) => void) => void): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  // A server that hangs up is what these tests want to see.
  socket.on("error", () => {});
  socket.write(text);
  more?.((part) => void (socket.writable && socket.write(part)));
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(received).toString();
}

type Head = { readonly method: string; readonly path: string; readonly length: number; readonly type?: string };

/** The head of a request as it goes over the line: a client would straighten its path, and would not lie about its length. */
function headOf({ host, admin }: TestRegistry, { method, path, length, type = "text/plain" }: Head): string {
  return [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${admin.token}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    ...(length === 0 ? ["Connection: close"] : []),
    "\r\n",
  ].join("\r\n");
}

function openUploads({ ctx }: TestRegistry): readonly string[] {
  return readdirSync(join(ctx.home, "registry/uploads"));
}

test("no name leads out of its place: .., percent-encoded, NUL, absolute", async (t) => {
  const world = await startRegistry(t);
  const { admin, ctx, url } = world;
  const names = [
    "..",
    "../../etc",
    "%2e%2e",
    "..%2f..%2fetc",
    "a%00b",
    "/etc",
    "a//b",
    ".hidden",
    "A",
    "a/_blobs/b",
    "-a",
    "a.",
    "a..b",
  ];
  for (const name of names) {
    for (const path of [`/v2/${name}/blobs/uploads/`, `/v2/shop/${name}/blobs/uploads/`]) {
      const answer = await sendRaw(url, headOf(world, { method: "POST", path, length: 0 }));
      assert.match(answer, /^HTTP\/1\.1 400 [^]*NAME_INVALID/, path);
    }
  }
  for (const id of ["..", "%2e%2e", "..%2f..%2f..%2fledger", "%00"]) {
    const path = `/v2/shop/web/blobs/uploads/${id}?digest=${digestOf("")}`;
    assert.match(await sendRaw(url, headOf(world, { method: "PUT", path, length: 0 })), /^HTTP\/1\.1 40[04] /, id);
  }
  const from = await admin.send("POST", `/v2/shop/web/blobs/uploads/?mount=${digestOf("")}&from=../../ledger`);
  assert.deepEqual([from.status, await codesOf(from)], [400, ["NAME_INVALID"]]);
  assert.ok(!existsSync(join(ctx.home, "registry/links")), "nothing was made for any of them");
});

test("an upload that says that it has ten gigabytes is refused before it is read, and the disk is untouched", async (t) => {
  const world = await startRegistry(t, { settings: { limits: { blob: 1 << 30, manifest: 4 << 20, body: 1 << 20 } } });
  for (const [method, path] of [
    ["POST", `/v2/shop/web/blobs/uploads/?digest=${digestOf("x")}`],
    ["PUT", "/v2/shop/web/manifests/1"],
  ] as const) {
    const head = headOf(world, { method, path, length: 10_000_000_000, type: mediaTypes.imageManifest });
    const answer = await sendRaw(world.url, head, (write) => write("x".repeat(100_000)));
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /connection: close/i);
  }
  assert.deepEqual(openUploads(world), []);
});

test("an upload without a declared size is ended at the limit, and nothing of it stays", async (t) => {
  const world = await startRegistry(t, { settings: { limits: { blob: 3 << 20, manifest: 4096, body: 1 << 20 } } });
  const { admin } = world;
  let sent = 0;
  const endless = (): ReadableStream =>
    new ReadableStream({
      pull: (controller) => {
        sent += 1 << 20;
        // Ten gigabytes, were it read to its end.
        if (sent > 10_000_000_000) controller.close();
        else controller.enqueue(Buffer.alloc(1 << 20));
      },
    });
  const { headers } = await admin.send("POST", "/v2/shop/web/blobs/uploads/");
  const location = headers.get("location") ?? "";
  const refusals = [
    admin.send("PATCH", location, { body: endless() }),
    admin.send("PUT", "/v2/shop/web/manifests/1", {
      headers: { "content-type": mediaTypes.imageManifest },
      body: endless(),
    }),
  ];
  for (const refusal of refusals) {
    // A client that sends on and on may see the end of the connection before the answer.
    const answer = await refusal.catch(() => undefined);
    if (answer !== undefined) assert.equal(answer.status, 413);
  }
  assert.ok(sent < 200_000_000, `${sent} bytes were sent`);
  assert.deepEqual(openUploads(world), []);
  assert.equal((await admin.send("GET", location)).status, 404);
});

test("an upload larger than the disk has room for is refused before it is read", async (t) => {
  const world = await startRegistry(t, { settings: { limits: { blob: 2 ** 50, manifest: 4096, body: 4096 } } });
  const { bavail, bsize } = statfsSync(world.ctx.home);
  const path = `/v2/shop/web/blobs/uploads/?digest=${digestOf("x")}`;
  const head = headOf(world, { method: "POST", path, length: bavail * bsize + 2 ** 40 });
  assert.match(await sendRaw(world.url, head), /^HTTP\/1\.1 507 [^]*disk-full/);
  assert.deepEqual(openUploads(world), []);
});

/** The same registry behind a server that loses its patience sooner. */
async function serveImpatiently(t: TestContext, { controller }: TestRegistry): Promise<string> {
  const limits = { headersTimeout: 300, requestTimeout: 0, connectionsCheckingInterval: 50 };
  const server = createServer(limits, openRegistryHandler(controller, { bodyLimits: { period: 150, least: 1000 } }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("slow-loris: a body that comes a byte at a time is given up, and so are headers", async (t) => {
  const world = await startRegistry(t);
  const url = await serveImpatiently(t, world);
  const { headers } = await world.admin.send("POST", "/v2/shop/web/blobs/uploads/");
  const location = headers.get("location") ?? "";
  const trickle = (write: (text: string) => void): void => {
    const timer = setInterval(() => write("x"), 20);
    t.after(() => clearInterval(timer));
  };
  for (const [method, path] of [
    ["PATCH", location],
    ["PUT", "/v2/shop/web/manifests/1"],
  ] as const) {
    const head = headOf(world, { method, path, length: 2_000_000, type: mediaTypes.imageManifest });
    const answer = await sendRaw(url, head, trickle);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.ok(answer.includes('"code":"upload-too-slow"'));
  }
  assert.match(await sendRaw(url, "GET /v2/ HTTP/1.1\r\nX-", trickle), /^HTTP\/1\.1 408 /);
  const form = `POST /token HTTP/1.1\r\nHost: ${world.host}\r\nContent-Length: 60000\r\n\r\n`;
  assert.match(await sendRaw(url, form, trickle), /^HTTP\/1\.1 408 /);
  // What came is kept, to go on from.
  const status = await world.admin.send("GET", location);
  assert.equal(status.status, 204);
  assert.match(status.headers.get("range") ?? "", /^0-[1-9]/);
});

test("a body that is to be unpacked is refused as it is: a manifest of a kilobyte would be a gigabyte", async (t) => {
  const { admin } = await startRegistry(t);
  const { manifest } = await pushImage(admin, "shop/web");
  const headers = { "content-type": mediaTypes.imageManifest, "content-encoding": "gzip" };
  const body = gzipSync(JSON.stringify({ ...manifest, annotations: { bomb: "0".repeat(3_000_000) } }));
  const answer = await admin.send("PUT", "/v2/shop/web/manifests/bomb", { headers, body });
  assert.deepEqual([answer.status, await codesOf(answer)], [405, ["UNSUPPORTED"]]);
  const { headers: begun } = await admin.send("POST", "/v2/shop/web/blobs/uploads/");
  const patch = await admin.send("PATCH", begun.get("location") ?? "", { headers, body });
  assert.equal(patch.status, 405);
});

test("a manifest as JSON that is deep, large or names a member twice harms nobody", async (t) => {
  const { admin } = await startRegistry(t);
  const { manifest, layer } = await pushImage(admin, "shop/web");
  const headers = { "content-type": mediaTypes.imageManifest };
  const put = (body: string) => admin.send("PUT", `/v2/shop/web/manifests/${digestOf(body)}`, { headers, body });
  const deep = JSON.stringify(manifest).replace("{", `{"deep":${"[".repeat(500_000)}${"]".repeat(500_000)},`);
  assert.ok([201, 400].includes((await put(deep)).status));
  assert.equal((await put("[".repeat(1_000_000))).status, 400);
  const descriptors = Array.from({ length: 501 }, (_, at) => ({
    mediaType: "x",
    digest: digestOf(String(at)),
    size: 1,
  }));
  const many = await put(JSON.stringify({ ...manifest, layers: descriptors }));
  assert.deepEqual([many.status, (await many.text()).includes("manifest-too-large")], [413, true]);
  const same = Array.from({ length: 10_000 }, () => ({ mediaType: mediaTypes.layerTar, digest: layer, size: 7 }));
  assert.equal((await put(JSON.stringify({ ...manifest, layers: same }))).status, 201);
  const type = await put(JSON.stringify({ ...manifest, artifactType: "x".repeat(70_000) }));
  assert.deepEqual([type.status, await codesOf(type)], [400, ["MANIFEST_INVALID"]]);
});

test("a manifest that claims another media type, or is two things at once, is refused", async (t) => {
  const { admin } = await startRegistry(t);
  const { manifest } = await pushImage(admin, "shop/web");
  for (const [type, document] of [
    [mediaTypes.imageIndex, manifest],
    [mediaTypes.dockerManifest, manifest],
    [mediaTypes.imageManifest, { ...manifest, manifests: [] }],
    ["text/html", manifest],
    ["", manifest],
    ["application/vnd.docker.distribution.manifest.v1+prettyjws", manifest],
  ] as const) {
    const answer = await admin.send("PUT", "/v2/shop/web/manifests/odd", {
      headers: { "content-type": type },
      body: JSON.stringify(document),
    });
    assert.deepEqual([answer.status, await codesOf(answer)], [400, ["MANIFEST_INVALID"]], type);
  }
});

test("to know a digest is no right to its content: neither by reading, nor by listing, nor by mounting it", async (t) => {
  const world = await startRegistry(t);
  const { admin, enter, as, controller } = world;
  const secret = await pushImage(admin, "secret/web", { tag: "1", text: "secret" });
  await record(controller, strictEnvironment("production"), openEnvironment("open"));
  const builder = as(await enter("workload:ci", ["builder"]));
  const size = 6;
  const layers = [{ mediaType: mediaTypes.layerTar, digest: secret.layer, size }];
  const listed = await builder.pushManifest("shop/web", "1", { ...secret.manifest, layers });
  assert.deepEqual(await codesOf(listed), ["MANIFEST_BLOB_UNKNOWN"]);
  assert.equal((await builder.send("GET", `/v2/shop/web/blobs/${secret.layer}`)).status, 404);
  const pushing = as(await enter("workload:prod-ci", ["builder"], "production"));
  const mount = await pushing.send("POST", `/v2/shop/web/blobs/uploads/?mount=${secret.layer}&from=secret/web`);
  // Whoever may not pull something by the policy of an environment cannot bring it to another repository either: such a token pushes nothing.
  assert.equal(mount.status, 403);
  assert.equal((await builder.send("GET", `/v2/shop/web/blobs/${secret.layer}`)).status, 404);
});

test("the upload of another principal, or to another repository, is not there", async (t) => {
  const { admin, enter, as } = await startRegistry(t);
  const { headers } = await admin.send("POST", "/v2/shop/web/blobs/uploads/");
  const location = headers.get("location") ?? "";
  const ci = as(await enter("workload:ci", ["builder"]));
  for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
    const answer = await ci.send(method, `${location}?digest=${digestOf("")}`);
    assert.deepEqual([answer.status, await codesOf(answer)], [404, ["BLOB_UPLOAD_UNKNOWN"]], method);
  }
  const elsewhere = location.replace("shop/web", "shop/other");
  assert.equal((await admin.send("GET", elsewhere)).status, 404);
  assert.equal((await admin.send("GET", location)).status, 204);
});

test("one principal cannot take all uploads that the registry has room for", async (t) => {
  const { admin, enter, as } = await startRegistry(t);
  const ci = as(await enter("workload:ci", ["builder"]));
  const answers: Response[] = [];
  for (let at = 0; at < 201; at += 1) answers.push(await ci.send("POST", "/v2/shop/web/blobs/uploads/"));
  const last = answers.at(-1);
  assert.deepEqual([last?.status, last?.headers.get("retry-after")], [429, "5"]);
  assert.match((await last?.text()) ?? "", /TOOMANYREQUESTS.*registry-busy/);
  assert.equal((await admin.send("POST", "/v2/shop/web/blobs/uploads/")).status, 202);
});

test("a page of a stranger's is no page for a browser", async (t) => {
  const { admin } = await startRegistry(t);
  const blob = await admin.pushBlob("shop/web", "<script>alert(1)</script>");
  const answer = await admin.send("GET", `/v2/shop/web/blobs/${blob}`);
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});
