import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext, silentReporter, type Context } from "../../ground/context.ts";
import { artifactOf, attachTexts, bundleType } from "../artifact.fixture.ts";
import { canonicalJson } from "../canonical-json.ts";
import { collectGarbage } from "../collect.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf } from "../digest.ts";
import { openLayout, type Layout } from "../layout.ts";
import { readIndex, writeIndex } from "../layout/references.ts";
import { mediaTypes } from "../media-types.ts";
import { push } from "../oci.ts";
import { parseReference } from "../reference.ts";
import { receiveReferrers } from "../referrers/receive-referrers.ts";
import { sendReferrers } from "../referrers/send-referrers.ts";
import { attachArtifact, listReferrers } from "../referrers.ts";
import { openRepository, type Repository } from "../registry.ts";
import { putTinyImage } from "../tiny-image.fixture.ts";
import { startFakeRegistry, type FakeRegistry } from "./fake-registry.fixture.ts";

type Place = {
  readonly context: Context;
  readonly fake: FakeRegistry;
  readonly repository: Repository;
  readonly layout: Layout;
  readonly image: Descriptor;
  readonly attached: readonly Descriptor[];
  /** A layout with the image and nothing attached. */
  readonly target: Layout;
  readonly warnings: string[];
};

type PlaceOptions = { readonly referrers?: FakeRegistry["referrers"]; readonly texts?: readonly string[] };

/** A fake registry, and a layout with an image and artifacts. */
async function place(t: TestContext, { referrers, texts = ["a", "b", "c"] }: PlaceOptions = {}): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-registry-referrers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "docker"));
  writeFileSync(join(folder, "docker/config.json"), "{}");
  const warnings: string[] = [];
  const context = processContext({
    env: { DOCKER_CONFIG: join(folder, "docker"), PATH: process.env.PATH },
    home: join(folder, "home"),
    report: { ...silentReporter, warn: (line) => void warnings.push(line) },
  });
  const fake = await startFakeRegistry(t);
  fake.referrers = referrers;
  const layout = openLayout(join(folder, "from"));
  const image = putTinyImage(layout, { text: "an image" });
  const attached = await attachTexts(layout, image, texts);
  const target = openLayout(join(folder, "to"));
  putTinyImage(target, { text: "an image" });
  const repository = openRepository(context, { registry: fake.host, repository: "shop/web" }, { retry: { delay: 1 } });
  return { context, fake, repository, layout, image, attached, target, warnings };
}

const withEndpoint = { pageSize: 100, isFiltering: true } as const;
const send = ({ context, layout, image, repository }: Place) =>
  sendReferrers(context, { layout, subject: image.digest }, repository);
const receive = ({ context, target, image, repository }: Place) =>
  receiveReferrers(context, target, { source: repository, subject: image.digest });
const listTag = ({ digest }: Descriptor): string => digest.replace(":", "-");
const byDigest = (a: Descriptor, b: Descriptor): number => (a.digest < b.digest ? -1 : 1);
const received = ({ target, image }: Place): Descriptor[] =>
  listReferrers(target, image.digest).map(({ descriptor }) => descriptor);

/** The list under the tag of the image, as the registry has it. */
function tagged({ fake, image }: Place): { manifests: Descriptor[] } | undefined {
  const manifest = fake.manifests.get(listTag(image));
  return manifest && (JSON.parse(String(manifest.content)) as { manifests: Descriptor[] });
}

const answer = (response: ServerResponse, status: number, body: string | Buffer = ""): true => {
  response.writeHead(status, { "retry-after": "0", "content-type": mediaTypes.imageIndex }).end(body);
  return true;
};

for (const [name, referrers] of [
  ["with lists of its own", withEndpoint],
  ["without", undefined],
] as const) {
  test(`artifacts go to a registry ${name} and come back the same`, async (t) => {
    const here = await place(t, { referrers });
    assert.equal(await send(here), 3);
    assert.deepEqual(
      (await here.repository.listReferrers(here.image.digest)).listed.toSorted(byDigest),
      [...here.attached].toSorted(byDigest),
    );
    assert.equal(tagged(here) === undefined, referrers !== undefined);
    assert.equal(await receive(here), 3);
    assert.deepEqual(received(here), [...here.attached].toSorted(byDigest));
    for (const text of ["a", "b", "c"]) assert.equal(String(here.target.readBlob(digestOf(text))), text);
    assert.deepEqual(here.warnings, []);
  });

  test(`what a registry ${name} has is not sent again, nor fetched again`, async (t) => {
    const here = await place(t, { referrers });
    await send(here);
    await receive(here);
    here.fake.seen.length = 0;
    assert.equal(await receive(here), 3);
    assert.equal(await send(here), 3);
    const transfers = here.fake.seen.filter(
      ({ method, url }) => method === "PUT" || method === "POST" || /\/(blobs|manifests)\/sha256:/.test(url),
    );
    assert.deepEqual(
      transfers.map(({ method }) => method),
      ["HEAD", "HEAD", "HEAD"],
    );
  });
}

test("the tagged list has each artifact once with its size, type and annotations, as the specification asks", async (t) => {
  const here = await place(t);
  await send(here);
  assert.deepEqual(tagged(here), {
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    manifests: [...here.attached].toSorted(byDigest),
  });
});

test("entries of other tools stay in the tagged list as they are, also those that Ingot cannot read", async (t) => {
  const here = await place(t);
  const theirs = { mediaType: "application/theirs", digest: `sha512:${"0".repeat(128)}`, size: 1, urls: ["x"] };
  const list = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [theirs], annotations: { by: "them" } };
  here.fake.manifests.set(listTag(here.image), { type: mediaTypes.imageIndex, content: canonicalJson(list) });
  await send(here);
  const { manifests, ...rest } = tagged(here)!;
  assert.deepEqual(rest, { schemaVersion: 2, mediaType: mediaTypes.imageIndex, annotations: { by: "them" } });
  assert.equal(manifests.length, 4);
  assert.deepEqual(
    manifests.find(({ digest }) => digest === theirs.digest),
    theirs,
  );
});

test("a list that another wrote over at the same moment is written again with both", async (t) => {
  const here = await place(t);
  const other = putTinyImage(here.layout, { text: "other" });
  let writes = 0;
  here.fake.intercept = (request) => {
    if (request.method !== "PUT" || !request.url?.endsWith(listTag(here.image)) || writes++ > 0) return false;
    // The other's write comes right after ours.
    const list = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [other] };
    setTimeout(
      () => here.fake.manifests.set(listTag(here.image), { type: mediaTypes.imageIndex, content: canonicalJson(list) }),
      0,
    );
    return false;
  };
  // Read again only after the other's write.
  const get = here.fake.intercept;
  let isWaiting = true;
  here.fake.intercept = (request, response) => {
    if (request.method === "GET" && writes === 1 && isWaiting) {
      isWaiting = false;
      return answer(response, 503);
    }
    return get(request, response);
  };
  await send(here);
  assert.deepEqual(tagged(here)?.manifests, [...here.attached, other].toSorted(byDigest));
});

test("a list that another had read before ours, and writes a moment after it, is written again with both", async (t) => {
  const here = await place(t);
  const { context, fake, image, layout } = here;
  const other = putTinyImage(layout, { text: "other" });
  let writes = 0;
  fake.intercept = ({ method, url = "" }) => {
    if (method !== "PUT" || !url.endsWith(listTag(image)) || writes++ > 0) return false;
    const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [other] });
    setTimeout(() => fake.manifests.set(listTag(image), { type: mediaTypes.imageIndex, content }), 50);
    return false;
  };
  const where = { registry: fake.host, repository: "shop/web" };
  const repository = openRepository(context, where, { retry: { delay: 200 } });
  await sendReferrers(context, { layout, subject: image.digest }, repository);
  assert.deepEqual(tagged(here)?.manifests, [...here.attached, other].toSorted(byDigest));
});

test("a single manifest with a subject is listed too, and one without is not", async (t) => {
  const here = await place(t);
  const [first] = here.attached;
  await here.repository.pushManifest(first!.digest, {
    descriptor: first!,
    content: here.layout.readBlob(first!.digest),
  });
  assert.deepEqual(tagged(here)?.manifests, [first]);
  await here.repository.pushManifest("1", { descriptor: here.image, content: here.layout.readBlob(here.image.digest) });
  assert.deepEqual(
    here.fake.manifests
      .keys()
      .toArray()
      .filter((name) => name.startsWith("sha256-")),
    [listTag(here.image)],
  );
});

test("a registry that says that it lists gets no list", async (t) => {
  const here = await place(t, { referrers: withEndpoint });
  await send(here);
  assert.equal(tagged(here), undefined);
});

test("long lists come page by page", async (t) => {
  const texts = Array.from({ length: 7 }, (_, at) => `text ${at}`);
  const here = await place(t, { texts, referrers: { pageSize: 3, isFiltering: true } });
  await send(here);
  here.fake.seen.length = 0;
  assert.equal((await here.repository.listReferrers(here.image.digest)).listed.length, 7);
  assert.equal(here.fake.seen.length, 3);
});

test("pages that go in a circle are given up", async (t) => {
  const here = await place(t, { referrers: withEndpoint });
  here.fake.intercept = (request, response) => {
    response.writeHead(200, { link: `<${request.url}>; rel="next"`, "content-type": mediaTypes.imageIndex });
    response.end(JSON.stringify({ schemaVersion: 2, manifests: [] }));
    return true;
  };
  const failure = { code: "registry-failed", message: /without an end/ };
  await assert.rejects(here.repository.listReferrers(here.image.digest), failure);
});

test("pages that are many and large are given up before they fill the memory", async (t) => {
  const here = await place(t, { referrers: withEndpoint });
  const page = JSON.stringify({ schemaVersion: 2, manifests: [{ digest: "x".repeat(4_000_000) }] });
  here.fake.intercept = (request, response) => {
    const link = `<${request.url?.split("?")[0]}?at=${here.fake.seen.length}>; rel="next"`;
    response.writeHead(200, { link, "content-type": mediaTypes.imageIndex }).end(page);
    return true;
  };
  const failure = { code: "registry-failed", message: /without an end/ };
  await assert.rejects(here.repository.listReferrers(here.image.digest), failure);
  assert.ok(here.fake.seen.length < 40);
});

test("a list whose second page is missing is an error, not a shorter list", async (t) => {
  const here = await place(t, { referrers: { pageSize: 2, isFiltering: true } });
  await send(here);
  here.fake.intercept = ({ url = "" }, response) => url.includes("start=2") && answer(response, 404);
  const failure = { code: "registry-failed", message: /a further page of it was answered with 404/ };
  await assert.rejects(here.repository.listReferrers(here.image.digest), failure);
});

test("an error whose text never ends is told all the same", async (t) => {
  const here = await place(t);
  here.fake.intercept = (_, response) => {
    response.writeHead(403);
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
    return true;
  };
  await assert.rejects(here.repository.fetchManifest("latest"), { code: "registry-denied" });
});

test("artifacts are asked for by type, whether or not the registry knows how to filter", async (t) => {
  for (const referrers of [withEndpoint, { pageSize: 1, isFiltering: false }, undefined]) {
    const here = await place(t, { referrers });
    const other = await attachArtifact(here.layout, here.image, artifactOf("x", "application/other"));
    await send(here);
    const listed = async (artifactType: string) =>
      (await here.repository.listReferrers(here.image.digest, { artifactType })).listed.map(({ digest }) => digest);
    assert.deepEqual(await listed("application/other"), [other.digest]);
    assert.equal((await listed(bundleType)).length, 3);
    assert.deepEqual(await listed("application/absent"), []);
  }
});

test("errors that pass are waited out: 429, 500, a reset connection, half a body", async (t) => {
  for (const referrers of [withEndpoint, undefined]) {
    const here = await place(t, { referrers });
    await send(here);
    const troubles = [429, 500, 0, 1, 503];
    here.fake.intercept = (request, response) => {
      if (!/referrers|sha256-/.test(request.url ?? "")) return false;
      const trouble = troubles.shift();
      if (trouble === undefined) return false;
      if (trouble > 1) return answer(response, trouble);
      if (trouble === 0) response.destroy();
      else {
        response.writeHead(200, { "content-length": 1000, "content-type": mediaTypes.imageIndex });
        response.write("{", () => setTimeout(() => response.destroy(), 10));
      }
      return true;
    };
    const slow = openRepository(
      here.context,
      { registry: here.fake.host, repository: "shop/web" },
      { retry: { delay: 1, attempts: 6 } },
    );
    assert.equal((await slow.listReferrers(here.image.digest)).listed.length, 3);
    assert.deepEqual(troubles, []);
  }
});

test("errors that stay are told as they are, and are no warning", async (t) => {
  const here = await place(t);
  await send(here);
  for (const [status, code] of [
    [401, "registry-denied"],
    [403, "registry-denied"],
    [429, "registry-failed"],
    [500, "registry-failed"],
  ] as const) {
    here.fake.intercept = (_, response) => answer(response, status);
    await assert.rejects(here.repository.listReferrers(here.image.digest), { code });
    await assert.rejects(receive(here), { code });
    await assert.rejects(send(here), { code });
  }
  here.fake.intercept = (_, response) => {
    response.writeHead(200, { "content-length": 1000, "content-type": mediaTypes.imageIndex });
    response.write("{", () => setTimeout(() => response.destroy(), 5));
    return true;
  };
  await assert.rejects(receive(here), { code: "registry-unreachable" });
  assert.deepEqual(here.warnings, []);
  assert.deepEqual(received(here), []);
});

test("a network that breaks while artifacts come is an error, and the next try goes on", async (t) => {
  const here = await place(t);
  await send(here);
  here.fake.intercept = (request, response) => {
    if (!request.url?.endsWith(digestOf("b"))) return false;
    response.destroy();
    return true;
  };
  await assert.rejects(receive(here), { code: "registry-unreachable" });
  here.fake.intercept = () => false;
  assert.equal(await receive(here), 3);
});

test("an artifact that is missing or altered is named, and the others come", async (t) => {
  const here = await place(t, { texts: ["a", "b", "c", "d", "e"] });
  await send(here);
  const [missing, altered, content] = here.attached;
  here.fake.manifests.delete(missing!.digest);
  here.fake.manifests.set(altered!.digest, { type: mediaTypes.imageManifest, content: Buffer.from("{}") });
  here.fake.blobs.set(digestOf("c"), Buffer.from("X"));
  assert.equal(await receive(here), 2);
  assert.equal(here.warnings.length, 3);
  for (const { digest } of [missing!, altered!, content!]) {
    assert.equal(here.warnings.filter((line) => line.includes(digest) && line.includes(here.image.digest)).length, 1);
  }
  assert.deepEqual(received(here), here.attached.slice(3).toSorted(byDigest));
  assert.equal(here.target.hasBlob(digestOf("c")), false);
});

test("an artifact of another image that a registry lists for this one is left out, and named", async (t) => {
  const here = await place(t, { texts: ["a"] });
  const foreign = putTinyImage(here.layout, { text: "another" });
  const [stolen] = await attachTexts(here.layout, foreign, ["stolen"]);
  await send(here);
  await sendReferrers(here.context, { layout: here.layout, subject: foreign.digest }, here.repository);
  const list = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageIndex,
    manifests: [...here.attached, stolen, { a: "\u001b[2J\nok" }],
  };
  here.fake.manifests.set(listTag(here.image), { type: mediaTypes.imageIndex, content: canonicalJson(list) });
  assert.equal(await receive(here), 1);
  assert.equal(here.warnings.filter((line) => line.includes(`it is attached to ${foreign.digest}`)).length, 1);
  assert.equal(here.target.hasBlob(stolen!.digest), false);
  assert.equal(here.warnings.length, 2);
});

test("a list that is no list stops no image from being received, but is not written over", async (t) => {
  const here = await place(t);
  const manifest = { type: mediaTypes.imageManifest, content: here.layout.readBlob(here.image.digest) };
  here.fake.manifests.set(listTag(here.image), manifest);
  assert.equal(await receive(here), 0);
  assert.match(here.warnings.join("\n"), /not an index/);
  await assert.rejects(send(here), { code: "referrers-unusable" });
  assert.equal(here.fake.manifests.get(listTag(here.image)), manifest);
});

test("a list of the layout that is no list stops no image from being sent", async (t) => {
  const here = await place(t);
  const content = Buffer.from("no list");
  const index = readIndex(here.layout.folder);
  const manifests = index.manifests.map((entry) => ({ ...entry, digest: here.layout.putBlob(content) }));
  writeIndex(here.layout.folder, { ...index, manifests });
  assert.equal(await send(here), 0);
  assert.match(here.warnings.join("\n"), /not an OCI image index/);
});

test("where statements cannot be sent, a tag is not moved to the image", async (t) => {
  const here = await place(t);
  const { fake, context, layout, image } = here;
  const reference = parseReference(`${fake.host}/shop/web:golden`);
  const retry = { attempts: 1 };
  fake.intercept = ({ method, url = "" }, response) =>
    method === "PUT" && url.endsWith(listTag(image)) && answer(response, 400);
  await assert.rejects(push(context, { layout, image }, reference, { retry }), { code: "registry-failed" });
  assert.equal(fake.manifests.has("golden"), false);
  fake.intercept = () => false;
  assert.equal(await push(context, { layout, image }, reference, { retry }), 3);
  assert.ok(fake.manifests.has("golden"));
});

test("an image is not pushed to the tag of what is attached to another", async (t) => {
  const here = await place(t);
  await send(here);
  const before = tagged(here);
  const other = putTinyImage(here.layout, { text: "another image" });
  const reference = parseReference(`${here.fake.host}/shop/web:${listTag(here.image)}`);
  const pushed = push(here.context, { layout: here.layout, image: other }, reference);
  await assert.rejects(pushed, { code: "reference-malformed", message: /is that of a list/ });
  assert.deepEqual(tagged(here), before);
});

test("hostile lists are named in few lines", async (t) => {
  const here = await place(t);
  const manifests = Array.from({ length: 500 }, (_, at) => ({ digest: `\n${at}` }));
  const content = canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests });
  here.fake.manifests.set(listTag(here.image), { type: mediaTypes.imageIndex, content });
  assert.equal(await receive(here), 0);
  assert.equal(here.warnings.length, 11);
  assert.ok(here.warnings.every((line) => !line.includes("\n")));
});

test("an artifact of the layout that lost its content is named, and the others go", async (t) => {
  const here = await place(t);
  rmSync(here.layout.blobPath(digestOf("b")));
  assert.equal(await send(here), 2);
  assert.equal(here.warnings.length, 1);
  assert.match(here.warnings[0] ?? "", new RegExp(here.attached[1]!.digest));
  assert.equal(tagged(here)?.manifests.length, 2);
});

test("what came is kept with its image, and swept with it", async (t) => {
  const here = await place(t);
  await send(here);
  await here.target.setReference("web", here.image);
  await receive(here);
  assert.deepEqual((await collectGarbage(here.target, { grace: 0 })).blobs, []);
});

test("a registry that lets people read images and not what is attached is told with the way around it", async (t) => {
  const here = await place(t);
  await send(here);
  for (const status of [401, 403]) {
    here.fake.intercept = (request, response) =>
      request.url?.includes("/referrers/") === true && answer(response, status);
    await assert.rejects(receive(here), { code: "registry-denied", hint: /docker login [^]*--no-evidence/ });
  }
});

test("a registry at a port that nothing is ever fetched from is told so at once", async (t) => {
  const { context, image } = await place(t);
  const repository = openRepository(context, { registry: "127.0.0.1:9", repository: "shop/web" });
  await assert.rejects(repository.fetchManifest(image.digest), {
    code: "registry-failed",
    message:
      "the registry 127.0.0.1:9 cannot be used: port 9 is reserved for another protocol than HTTP, so nothing is ever fetched from it",
  });
});
