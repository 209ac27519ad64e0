import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext, type Context } from "../ground/context.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestOf } from "./digest.ts";
import { openLayout, type Layout } from "./layout.ts";
import { parseImageManifest } from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";
import { pushImage } from "./push-image.ts";
import { receiveImage } from "./receive-image.ts";
import { openRepository, type Repository } from "./registry.ts";
import { startFakeRegistry, type FakeRegistry } from "./registry/fake-registry.fixture.ts";
import { putTinyImage } from "./tiny-image.fixture.ts";

const secret = "a-password-nobody-may-see";

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-registry-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A context with a Docker configuration of the test's own. */
function contextWith(folder: string, dockerConfig: object = {}): Context {
  mkdirSync(join(folder, "docker"), { recursive: true });
  writeFileSync(join(folder, "docker/config.json"), JSON.stringify(dockerConfig));
  return processContext({
    env: { DOCKER_CONFIG: join(folder, "docker"), PATH: process.env.PATH },
    home: join(folder, "home"),
  });
}

const login = (host: string): object => ({
  auths: { [host]: { auth: Buffer.from(`me:${secret}`).toString("base64") } },
});
const basic = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;

type Place = {
  context: Context;
  fake: FakeRegistry;
  layout: Layout;
  image: Descriptor;
  repository: Repository;
  target: Layout;
};

/** A fake registry, a layout with an image of two layers, and an empty layout. */
async function place(t: TestContext, config: (host: string) => object = () => ({})): Promise<Place> {
  const folder = scratch(t);
  const fake = await startFakeRegistry(t);
  const context = contextWith(folder, config(fake.host));
  const layout = openLayout(join(folder, "from"));
  const image = putTinyImage(layout, { text: "x".repeat(50_000) + Math.random() });
  const target = openLayout(join(folder, "to"));
  const repository = openRepository(context, { registry: fake.host, repository: "shop/web" }, { retry: { delay: 1 } });
  return { context, fake, layout, image, repository, target };
}

const push = ({ context, layout, image, repository }: Place) =>
  pushImage(context, { layout, image }, { repository, tag: "1" });
const pull = ({ context, repository, target }: Place) =>
  receiveImage(context, target, { source: repository, reference: "1" });

test("an image is pushed, and pulled the same", async (t) => {
  const here = await place(t);
  assert.deepEqual(await push(here), { digest: here.image.digest, uploaded: 2, mounted: 0, present: 0 });
  assert.deepEqual(await push(here), { digest: here.image.digest, uploaded: 0, mounted: 0, present: 2 });
  assert.deepEqual(await pull(here), { image: here.image, resolved: here.image });
  const names = (layout: Layout) => readdirSync(join(layout.folder, "blobs/sha256")).toSorted();
  assert.deepEqual(names(here.target), names(here.layout));
  assert.equal(await here.repository.hasManifest(here.image.digest), true);
  assert.equal(await here.repository.hasManifest(digestOf("absent")), false);
});

test("what an index lists over and over is sent and received once", async (t) => {
  const { context, fake, layout, image, repository, target } = await place(t);
  let top = image;
  for (let depth = 0; depth < 30; depth += 1) {
    const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [top, top] });
    top = { mediaType: mediaTypes.imageIndex, digest: layout.putBlob(content), size: content.length };
  }
  await pushImage(context, { layout, image: top }, { repository });
  assert.equal(fake.manifests.size, 31);
  await receiveImage(context, target, { source: repository, reference: top.digest }, { platform: "all" });
  assert.ok(target.hasBlob(image.digest));
});

test("a blob that a layout has is not fetched again", async (t) => {
  const here = await place(t);
  await push(here);
  await pull(here);
  here.fake.seen.length = 0;
  await pull(here);
  assert.deepEqual(
    here.fake.seen.map(({ url }) => url),
    ["/v2/shop/web/manifests/1"],
  );
});

test("a blob is mounted from the repository of the base", async (t) => {
  const here = await place(t);
  const manifest = parseImageManifest(here.layout.readBlob(here.image.digest));
  const annotations = { "org.opencontainers.image.base.name": `${here.fake.host}/golden/base:1` };
  const content = canonicalJson({ ...manifest, annotations });
  const image = { ...here.image, digest: here.layout.putBlob(content), size: content.length };
  here.fake.intercept = (request, response) => {
    if (request.method !== "POST") return false;
    response.writeHead(201).end();
    return true;
  };
  assert.equal((await push({ ...here, image })).mounted, 2);
  const post = here.fake.seen.find(({ method }) => method === "POST");
  assert.match(post?.url ?? "", /\?mount=sha256%3A[0-9a-f]{64}&from=golden%2Fbase$/);
});

test("a transfer that is cut off goes on where it broke", async (t) => {
  const here = await place(t);
  await push(here);
  const large = here.fake.blobs.keys().find((digest) => here.fake.blobs.get(digest)!.length > 200)!;
  const blob = here.fake.blobs.get(large)!;
  let cuts = 0;
  here.fake.intercept = (request, response) => {
    if (!request.url?.endsWith(large) || cuts++ >= 2) return false;
    const start = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
    const range = { "content-range": `bytes ${start}-${blob.length - 1}/${blob.length}` };
    response.writeHead(start > 0 ? 206 : 200, { "content-length": blob.length - start, ...range });
    response.write(blob.subarray(start, start + 50), () => setTimeout(() => response.destroy(), 50));
    return true;
  };
  await pull(here);
  const ranges = here.fake.seen
    .filter(({ url, method }) => method === "GET" && url.endsWith(large))
    .map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [undefined, "bytes=50-", "bytes=100-"]);
  assert.ok(here.target.readBlob(large));
});

test("a transfer goes on also where the registry does not know ranges", async (t) => {
  const here = await place(t);
  await push(here);
  const { layers } = parseImageManifest(here.layout.readBlob(here.image.digest));
  const { digest } = layers[0]!;
  const blob = here.fake.blobs.get(digest)!;
  let requests = 0;
  here.fake.intercept = (request, response) => {
    if (!request.url?.endsWith(digest)) return false;
    response.writeHead(200, { "content-length": blob.length });
    if (requests++ > 0) response.end(blob);
    else response.write(blob.subarray(0, 50), () => setTimeout(() => response.destroy(), 50));
    return true;
  };
  await pull(here);
  assert.ok(here.target.readBlob(digest));
  assert.equal(requests, 2);
});

test("a registry that always cuts off is given up, with how far it came", async (t) => {
  const here = await place(t);
  await push(here);
  here.fake.intercept = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    response.destroy();
    return true;
  };
  await assert.rejects(pull(here), { code: "registry-unreachable" });
  assert.deepEqual(readdirSync(join(here.target.folder, "ingest")), []);
  assert.equal(here.target.hasBlob(here.image.digest), false);
});

test("errors that pass are waited out: 503, 429, a reset connection", async (t) => {
  const here = await place(t);
  await push(here);
  const troubles = [503, 429, 0];
  here.fake.intercept = (_, response) => {
    const trouble = troubles.shift();
    if (trouble === undefined) return false;
    if (trouble === 0) response.destroy();
    else response.writeHead(trouble, { "retry-after": "0" }).end();
    return true;
  };
  await pull(here);
  assert.deepEqual(troubles, []);
});

test("an upload that breaks is begun anew", async (t) => {
  const here = await place(t);
  let broken = 0;
  here.fake.intercept = (request, response) => {
    if (request.method !== "PUT" || !request.url?.startsWith("/upload") || broken++ > 0) return false;
    response.destroy();
    return true;
  };
  assert.equal((await push(here)).uploaded, 2);
  assert.equal(here.fake.seen.filter(({ method }) => method === "POST").length, 3);
});

test("a blob with another content is refused, and nothing of it stays", async (t) => {
  const here = await place(t);
  await push(here);
  for (const [digest, blob] of here.fake.blobs) here.fake.blobs.set(digest, Buffer.from(blob).fill(0, 20, 30));
  await assert.rejects(pull(here), { code: "blob-mismatch" });
  assert.deepEqual(readdirSync(join(here.target.folder, "blobs/sha256")), []);
  assert.deepEqual(readdirSync(join(here.target.folder, "ingest")), []);
});

test("a manifest with another content than its digest is refused", async (t) => {
  const here = await place(t);
  await push(here);
  const other = { type: mediaTypes.imageManifest, content: Buffer.from('{"schemaVersion":2}') };
  here.fake.manifests.set(here.image.digest, other);
  await assert.rejects(here.repository.fetchManifest(here.image.digest), { code: "blob-mismatch" });
});

test("a manifest that never ends is not read to the end", async (t) => {
  const here = await place(t);
  here.fake.manifests.set("1", { type: mediaTypes.imageManifest, content: Buffer.alloc(5 << 20, " ") });
  await assert.rejects(pull(here), { code: "manifest-malformed", message: /more than 4 MiB/ });
});

test("a redirect to another host does not carry the login there", async (t) => {
  const here = await place(t, login);
  const storage = await startFakeRegistry(t);
  await push(here);
  const manifest = parseImageManifest(here.layout.readBlob(here.image.digest));
  for (const { digest } of [manifest.config, ...manifest.layers])
    storage.blobs.set(digest, here.fake.blobs.get(digest)!);
  here.fake.intercept = (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end();
      return true;
    }
    if (!request.url?.includes("/blobs/")) return false;
    // The same machine by another name is another host.
    response.writeHead(307, { location: `http://${storage.host}${request.url}?signature=x` }).end();
    return true;
  };
  await pull(here);
  assert.equal(here.fake.seen.at(-1)?.headers.authorization, basic);
  assert.ok(storage.seen.length > 0);
  assert.deepEqual(
    storage.seen.filter(({ headers }) => headers.authorization !== undefined),
    [],
  );
});

test("a host that a redirect leads to cannot ask for the login", async (t) => {
  const here = await place(t, login);
  await push(here);
  const storage = await startFakeRegistry(t);
  storage.intercept = (_request, response) => {
    const challenge = `Bearer realm="http://${storage.host}/token",service="storage"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  };
  here.fake.intercept = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    response.writeHead(307, { location: `http://${storage.host}${request.url}` }).end();
    return true;
  };
  await assert.rejects(pull(here), { code: "registry-denied" });
  assert.ok(storage.seen.length > 0);
  assert.ok(storage.seen.every(({ url, headers }) => !url.startsWith("/token") && headers.authorization === undefined));
});

test("a redirect from https to http is not followed", async (t) => {
  const folder = scratch(t);
  const fetched: string[] = [];
  const fetch: Context["fetch"] = async (url) => {
    fetched.push(addressOf(url));
    return new Response(null, { status: 307, headers: { location: "http://plain.example/blob" } });
  };
  const context = { ...contextWith(folder), fetch };
  const repository = openRepository(context, { registry: "registry.example", repository: "web" });
  await assert.rejects(repository.fetchManifest("1"), { code: "registry-failed", message: /not https/ });
  assert.deepEqual(fetched, ["https://registry.example/v2/web/manifests/1"]);
});

test("plain http is spoken to this machine only, or when it is asked for", async (t) => {
  const fetched: string[] = [];
  const fetch: Context["fetch"] = async (url) => {
    fetched.push(new URL(addressOf(url)).origin);
    return new Response(null, { status: 404 });
  };
  const context = { ...contextWith(scratch(t)), fetch };
  const ask = (registry: string, options = {}) =>
    assert.rejects(openRepository(context, { registry, repository: "web" }, options).fetchManifest("1"), {
      code: "registry-missing",
    });
  for (const registry of ["localhost:5000", "127.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example"])
    await ask(registry);
  await ask("registry.example", { insecure: true });
  assert.deepEqual(fetched, [
    "http://localhost:5000",
    "http://127.0.0.1",
    "https://localhost.evil.example",
    "https://127.0.0.1.evil.example",
    "http://registry.example",
  ]);
});

test("a token is fetched with the login, used, and fetched again when it has expired", async (t) => {
  const here = await place(t, login);
  let tokens = 0;
  here.fake.intercept = (request, response) => {
    if (request.url?.startsWith("/token")) {
      response.end(JSON.stringify({ token: `token-${++tokens}`, expires_in: 60 }));
      return true;
    }
    if (request.headers.authorization === `Bearer token-${tokens}` && tokens > 0) return false;
    const challenge = `Bearer realm="http://${here.fake.host}/token",service="test"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  };
  await push(here);
  await pull(here);
  const asked = here.fake.seen.filter(({ url }) => url.startsWith("/token"));
  assert.deepEqual(
    asked.map(({ headers }) => headers.authorization),
    Array(tokens).fill(basic),
  );
  const scopes = new Set(asked.map(({ url }) => new URL(url, "http://x").searchParams.get("scope")));
  assert.deepEqual([...scopes], ["repository:shop/web:pull,push", "repository:shop/web:pull"]);
  tokens++;
  await pull(here);
  assert.ok(asked.length < here.fake.seen.filter(({ url }) => url.startsWith("/token")).length);
});

test("an identity token is exchanged, not sent to the registry", async (t) => {
  const here = await place(t, (host) => ({ auths: { [host]: { identitytoken: secret } } }));
  here.fake.intercept = (request, response) => {
    if (request.url === "/token") {
      void request.toArray().then((body) => {
        const parameters = new URLSearchParams(String(Buffer.concat(body as Buffer[])));
        const isRight = parameters.get("refresh_token") === secret && parameters.get("grant_type") === "refresh_token";
        return response.end(JSON.stringify({ access_token: isRight ? "right" : "wrong" }));
      });
      return true;
    }
    if (request.headers.authorization === "Bearer right") return false;
    response
      .writeHead(401, { "www-authenticate": `Bearer realm="http://${here.fake.host}/token",service="test"` })
      .end();
    return true;
  };
  await push(here);
});

test("a token service whose answer never ends is given up", async (t) => {
  const here = await place(t);
  here.fake.intercept = (request, response) => {
    if (request.url?.startsWith("/token")) {
      const more = (): void => {
        while (!response.destroyed && response.write(" ".repeat(65_536)));
      };
      response.on("drain", more);
      more();
      return true;
    }
    const challenge = `Bearer realm="http://${here.fake.host}/token",service="test"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  };
  await assert.rejects(here.repository.fetchManifest("latest"), { code: "registry-failed", message: /gave no token/ });
});

test("a token service without https gets no password of an https registry", async (t) => {
  const seen: string[] = [];
  const fetch: Context["fetch"] = async (url) => {
    seen.push(addressOf(url));
    return new Response(null, {
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="http://evil.example/token"' },
    });
  };
  const context = { ...contextWith(scratch(t), login("registry.example")), fetch };
  const repository = openRepository(context, { registry: "registry.example", repository: "web" });
  await assert.rejects(repository.fetchManifest("1"), { code: "registry-failed", message: /not https/ });
  assert.deepEqual(seen, ["https://registry.example/v2/web/manifests/1"]);
});

test("a refused login is an error that shows no secret", async (t) => {
  for (const challenge of ['Basic realm="test"', 'Bearer realm="http://HOST/token",service="test"']) {
    const here = await place(t, login);
    here.fake.intercept = (_, response) => {
      response.writeHead(401, { "www-authenticate": challenge.replace("HOST", here.fake.host) }).end("{}");
      return true;
    };
    await assert.rejects(pull(here), (error: Error & { code: string }) => {
      assert.equal(error.code, "registry-denied");
      const text = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error.cause);
      assert.ok(!text.includes(secret) && !text.includes(basic.slice(6)));
      return true;
    });
  }
});

test("of an index the image for the platform is taken, and a missing platform is named", async (t) => {
  const here = await place(t);
  const arm = putTinyImage(here.layout, { architecture: "arm64", text: "arm" });
  const platform = (architecture: string) => ({ platform: { os: "linux", architecture } });
  const attestation = { ...arm, platform: { os: "unknown", architecture: "unknown" } };
  const entries = [attestation, { ...arm, ...platform("arm64") }, { ...here.image, ...platform("amd64") }];
  const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: entries });
  const index = { mediaType: mediaTypes.imageIndex, digest: here.layout.putBlob(content), size: content.length };
  await push({ ...here, image: index });
  assert.deepEqual(await pull(here), { image: here.image, resolved: index });
  assert.equal(here.target.hasBlob(arm.digest), false);
  const source = { source: here.repository, reference: "1" };
  const all = await receiveImage(here.context, here.target, source, { platform: "all" });
  assert.deepEqual([all.image.digest, here.target.hasBlob(arm.digest)], [index.digest, true]);
  const riscv = { os: "linux", architecture: "riscv64" };
  await assert.rejects(receiveImage(here.context, here.target, source, { platform: riscv }), {
    code: "platform-missing",
    hint: "it is made for linux/arm64, linux/amd64",
  });
  await push({ ...here, image: arm });
  await assert.rejects(pull(here), { code: "platform-missing" });
});

test("tags are listed page by page", async (t) => {
  const here = await place(t);
  here.fake.intercept = (request, response) => {
    const isSecond = request.url?.includes("last=b") ?? false;
    const link = isSecond ? {} : { link: '</v2/shop/web/tags/list?last=b&n=1000>; rel="next"' };
    response.writeHead(200, link).end(JSON.stringify({ tags: isSecond ? ["c"] : ["a", "b"] }));
    return true;
  };
  assert.deepEqual(await here.repository.listTags(), ["a", "b", "c"]);
});

test("a transfer that the user stops ends at once", async (t) => {
  const here = await place(t);
  await push(here);
  const controller = new AbortController();
  const context = { ...here.context, signal: controller.signal };
  here.fake.intercept = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    response.writeHead(200, { "content-length": 1000 }).write("x");
    setTimeout(() => controller.abort(), 20);
    return true;
  };
  const repository = openRepository(context, { registry: here.fake.host, repository: "shop/web" });
  await assert.rejects(pull({ ...here, context, repository }), { code: "cancelled" });
  assert.deepEqual(readdirSync(join(here.target.folder, "ingest")), []);
});

function addressOf(url: Parameters<Context["fetch"]>[0]): string {
  return url instanceof Request ? url.url : url.toString();
}
