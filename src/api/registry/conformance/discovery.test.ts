import assert from "node:assert/strict";
import { test } from "node:test";
import { makeEvent } from "../../../controller/events/events.ts";
import { digestOf, type Digest } from "../../../oci/digest.ts";
import { mediaTypes } from "../../../oci/media-types.ts";
import { codesOf, pushImage, startRegistry, type RegistryClient } from "../registry.fixture.ts";

type Tags = { readonly name: string; readonly tags: readonly string[] };

test("content discovery: tags, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const { manifest, digest } = await pushImage(admin, "shop/web", { tag: "b" });
  for (const tag of ["A", "c", "a", "B2", "b1"]) await admin.pushManifest("shop/web", tag, manifest);
  const inOrder = ["A", "a", "b", "b1", "B2", "c"];
  const list = async (query = ""): Promise<{ tags: readonly string[]; link: string | null }> => {
    const answer = await admin.send("GET", `/v2/shop/web/tags/list${query}`);
    assert.equal(answer.status, 200);
    const { name, tags } = (await answer.json()) as Tags;
    assert.equal(name, "shop/web");
    return { tags, link: answer.headers.get("link") };
  };

  await t.test(
    "GET request to list tags should yield 200 response, in lexical order without regard to case",
    async () => {
      assert.deepEqual(await list(), { tags: inOrder, link: null });
    },
  );
  await t.test("GET number of tags should be limitable by `n` query parameter, and Link leads on", async () => {
    const seen: string[] = [];
    let next: string | null = "?n=4";
    while (next !== null) {
      const { tags, link }: { tags: readonly string[]; link: string | null } = await list(next);
      seen.push(...tags);
      next = link === null ? null : (/^<\/v2\/shop\/web\/tags\/list(\?[^>]+)>; rel="next"$/.exec(link)?.[1] ?? "");
    }
    assert.deepEqual(seen, inOrder);
  });
  await t.test("n=0 is answered with an empty list and no Link", async () => {
    assert.deepEqual(await list("?n=0"), { tags: [], link: null });
  });
  await t.test("n that is no number is refused", async () => {
    assert.equal((await admin.send("GET", "/v2/shop/web/tags/list?n=many")).status, 400);
  });
  await t.test("GET start of tag is set by `last` query parameter, which need not be there", async () => {
    assert.deepEqual((await list("?last=b")).tags, ["b1", "B2", "c"]);
    assert.deepEqual((await list("?n=1&last=b0")).tags, ["b1"]);
    assert.deepEqual((await list("?last=A")).tags, inOrder.slice(1));
  });
  await t.test("a repository without tags has an empty list", async () => {
    await pushImage(admin, "shop/untagged");
    const answer = await admin.send("GET", "/v2/shop/untagged/tags/list");
    assert.deepEqual(((await answer.json()) as Tags).tags, []);
  });
  await t.test("the tags of a nonexistent repository are answered 404", async () => {
    const answer = await admin.send("GET", "/v2/no/such/tags/list");
    assert.deepEqual([answer.status, await codesOf(answer)], [404, ["NAME_UNKNOWN"]]);
  });
  await t.test("_catalog lists repositories in pages", async () => {
    const answer = await admin.send("GET", "/v2/_catalog?n=1");
    assert.deepEqual(await answer.json(), { repositories: ["shop/untagged"] });
    const link = /^<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1] ?? "";
    assert.deepEqual(await (await admin.send("GET", link)).json(), { repositories: ["shop/web"] });
  });
  assert.equal(digest.length, 71);
});

type Listed = { readonly digest: string; readonly artifactType?: string; readonly annotations?: object };

async function attach(client: RegistryClient, subject: Digest, more: object): Promise<Digest> {
  const config = {
    mediaType: "application/vnd.example.config",
    digest: await client.pushBlob("shop/web", "{}"),
    size: 2,
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config,
    layers: [],
    subject: { mediaType: mediaTypes.imageManifest, digest: subject, size: 10 },
    ...more,
  };
  const digest = digestOf(JSON.stringify(manifest));
  assert.equal((await client.pushManifest("shop/web", digest, manifest)).status, 201);
  return digest;
}

async function listReferrers(
  client: RegistryClient,
  of: string,
  query = "",
): Promise<{ readonly answer: Response; readonly manifests: readonly Listed[] }> {
  const answer = await client.send("GET", `/v2/shop/web/referrers/${of}${query}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), mediaTypes.imageIndex);
  const { manifests } = (await answer.json()) as { manifests: readonly Listed[] };
  return { answer, manifests };
}

test("content discovery: referrers, distribution-spec 1.1", async (t) => {
  const { admin } = await startRegistry(t);
  const { digest: subject } = await pushImage(admin, "shop/web", { tag: "1" });
  const annotations = { "org.example": "note" };
  const note = await attach(admin, subject, { artifactType: "application/vnd.example.note", annotations });
  const byConfig = await attach(admin, subject, {});
  const list = (of: string) => listReferrers(admin, of);

  await t.test("GET request to nonexistent blob should result in empty 200 response", async () => {
    assert.deepEqual((await list(digestOf("nothing"))).manifests, []);
  });
  await t.test(
    "GET request to existing blob should yield 200 and every referrer, with type and annotations",
    async () => {
      const { manifests } = await list(subject);
      assert.deepEqual(manifests.map(({ digest }) => digest).toSorted(), [note, byConfig].toSorted());
      const found = manifests.find(({ digest }) => digest === note);
      assert.deepEqual([found?.artifactType, found?.annotations], ["application/vnd.example.note", annotations]);
    },
  );
  await t.test("without artifactType, it is the type of the configuration", async () => {
    const { manifests } = await list(subject);
    assert.equal(manifests.find(({ digest }) => digest === byConfig)?.artifactType, "application/vnd.example.config");
  });
  await t.test("an index that is attached, without artifactType, has none", async () => {
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.imageIndex,
      manifests: [],
      subject: { mediaType: mediaTypes.imageManifest, digest: digestOf("of an index"), size: 1 },
    };
    const answer = await admin.pushManifest("shop/web", digestOf(JSON.stringify(index)), index);
    assert.equal(answer.headers.get("oci-subject"), digestOf("of an index"));
    const [found] = (await list(digestOf("of an index"))).manifests;
    assert.ok(found !== undefined && !("artifactType" in found));
  });
});

test("content discovery: referrers with a filter, before their subject, and in pages", async (t) => {
  const { admin } = await startRegistry(t);
  const { digest: subject } = await pushImage(admin, "shop/web", { tag: "1" });
  const note = await attach(admin, subject, { artifactType: "application/vnd.example.note" });
  await attach(admin, subject, {});
  const early = digestOf("not pushed yet");
  const attachedEarly = await attach(admin, early, { artifactType: "application/vnd.example.note" });
  const list = (of: string, query?: string) => listReferrers(admin, of, query);

  await t.test("GET request to existing blob with filter should yield 200, and say that it was applied", async () => {
    const { answer, manifests } = await list(subject, "?artifactType=application/vnd.example.note");
    assert.equal(answer.headers.get("oci-filters-applied"), "artifactType");
    assert.deepEqual(
      manifests.map(({ digest }) => digest),
      [note],
    );
    assert.equal((await list(subject)).answer.headers.get("oci-filters-applied"), null);
  });
  await t.test("GET request to missing manifest should yield 200 and what is attached to it already", async () => {
    assert.deepEqual(
      (await list(early)).manifests.map(({ digest }) => digest),
      [attachedEarly],
    );
  });
  await t.test("a digest of invalid syntax is answered 400", async () => {
    assert.equal((await admin.send("GET", "/v2/shop/web/referrers/sha256:abc")).status, 400);
  });
  await t.test("a list that is too long for one answer goes on behind its Link", async () => {
    const many = digestOf("many");
    const pad = "x".repeat(1_500_000);
    for (const name of ["1", "2", "3"]) {
      await attach(admin, many, { artifactType: "application/vnd.example.pad", annotations: { name, pad } });
    }
    const { answer, manifests } = await list(many, "?artifactType=application/vnd.example.pad");
    const link = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? "";
    const rest = (await (await admin.send("GET", link)).json()) as { manifests: readonly Listed[] };
    assert.equal(new Set([...manifests, ...rest.manifests].map(({ digest }) => digest)).size, 3);
  });
});

test("ten thousand tags are listed quickly, and in pages", async (t) => {
  const { admin, controller } = await startRegistry(t);
  const { digest } = await pushImage(admin, "shop/web", { tag: "first" });
  const repository = "shop/web";
  const names = Array.from({ length: 10_000 }, (_, at) => `t${String(at).padStart(5, "0")}`);
  await controller.ledger.transact(() => ({
    events: names.map((tag) => makeEvent("user:admin", "tag.set", { repository, tag, digest })),
    result: undefined,
  }));
  const start = performance.now();
  const all = await admin.send("GET", "/v2/shop/web/tags/list");
  const { tags } = (await all.json()) as Tags;
  assert.equal(tags.length, 10_000);
  assert.match(all.headers.get("link") ?? "", /last=t09998/);
  const page = await admin.send("GET", "/v2/shop/web/tags/list?n=100&last=t05000");
  assert.deepEqual(((await page.json()) as Tags).tags.slice(0, 2), ["t05001", "t05002"]);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 2, `${seconds} s`);
});
