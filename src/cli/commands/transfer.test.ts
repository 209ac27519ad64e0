/** `ingot push`, `ingot pull` and `ingot copy`, with a real docker-registry and with folders. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { startDockerRegistry, type DockerRegistry } from "../../../test/support/docker-registry.ts";
import { hasProgram } from "../../../test/support/real-packages.ts";
import { parseJson, runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";
import { attachTexts } from "../../oci/artifact.fixture.ts";
import { digestOf } from "../../oci/digest.ts";
import { openLayout, type Layout } from "../../oci/layout.ts";
import { listReferrers } from "../../oci/referrers.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

const skip = hasProgram("docker-registry") ? false : "needs docker-registry: not installed";

type Place = {
  readonly folder: string;
  readonly layout: Layout;
  readonly digest: string;
  readonly run: (...args: string[]) => Promise<IngotResult>;
  /** As another machine with an empty home. */
  readonly elsewhere: (...args: string[]) => Promise<IngotResult>;
};

/** A home whose store has the image `shop/web`, and another one with nothing. */
async function makePlace(t: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-transfer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const layout = openLayout(join(folder, "home/store"));
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  // No login of the person who runs the tests may be used.
  const runIn =
    (home: string) =>
    (...args: string[]) =>
      runIngot(args, { cwd: folder, env: { INGOT_HOME: join(folder, home), DOCKER_CONFIG: join(folder, "docker") } });
  return { folder, layout, digest: image.digest, run: runIn("home"), elsewhere: runIn("other") };
}

async function startRegistry(t: TestContext, folder: string, htpasswd?: string): Promise<DockerRegistry> {
  const registry = await startDockerRegistry(join(folder, "registry"), htpasswd === undefined ? {} : { htpasswd });
  t.after(() => registry.stop());
  return registry;
}

test("what is pushed is pulled elsewhere with the same digest, by tag and by digest", { skip }, async (t) => {
  const { folder, digest, run, elsewhere } = await makePlace(t);
  const { host } = await startRegistry(t, folder);
  const pushed = await run("push", "shop/web", `${host}/shop/web:1`, "--json");
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.deepEqual(parseJson(pushed), { image: "shop/web", digest, reference: `${host}/shop/web:1`, statements: 0 });
  const pulled = await elsewhere("pull", `${host}/shop/web:1`, "mine", "--json");
  assert.deepEqual(parseJson(pulled), { name: "mine", digest, reference: `${host}/shop/web:1`, statements: 0 });
  const byDigest = await elsewhere("pull", `${host}/shop/web@${digest}`);
  assert.equal(byDigest.stdout, `${host}/shop/web@${digest}  ${digest}\n`);
  const { images } = parseJson<{ images: { name: string }[] }>(await elsewhere("images", "--json"));
  assert.deepEqual(
    images.map(({ name }) => name),
    [`${host}/shop/web@${digest}`, "mine"].toSorted(),
  );
  assert.equal((await elsewhere("gc", "--check")).code, 0);
});

test(
  "what a registry lacks, and an image that the store lacks, are named and leave the store as it was",
  { skip },
  async (t) => {
    const { folder, run, elsewhere } = await makePlace(t);
    const { host } = await startRegistry(t, folder);
    const missing = await elsewhere("pull", `${host}/shop/web:1`);
    assert.equal(missing.code, 1);
    assert.match(
      missing.stderr,
      new RegExp(`the registry ${host} does not have shop/web:1\n[^]*code: registry-missing\n$`),
    );
    assert.deepEqual(parseJson(await elsewhere("images", "--json")), { images: [] });
    const unknown = await run("push", "shop/wbe", `${host}/shop/web:1`);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no image "shop\/wbe"[^]*shop\/web[^]*code: reference-unknown\n$/);
  },
);

test(
  "a registry with a login takes the one of docker's configuration, and without it says so",
  { skip: skip || (hasProgram("htpasswd") ? false : "needs htpasswd: not installed") },
  async (t) => {
    const { folder, digest, run } = await makePlace(t);
    const { execFileSync } = await import("node:child_process");
    const htpasswd = execFileSync("htpasswd", ["-nbB", "me", "secret"], { encoding: "utf8" });
    const { host } = await startRegistry(t, folder, htpasswd);
    const denied = await run("push", "shop/web", `${host}/shop/web:1`);
    assert.equal(denied.code, 1);
    assert.match(denied.stderr, /hint: .*\ncode: registry-denied\n$/);
    mkdirSync(join(folder, "docker"));
    const auth = Buffer.from("me:secret").toString("base64");
    writeFileSync(join(folder, "docker/config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
    const pushed = await run("push", "shop/web", `${host}/shop/web:1`);
    assert.match(pushed.stdout, new RegExp(digest), pushed.stderr);
  },
);

test("a registry that is not there, and a reference that is none, are told apart by exit code", async (t) => {
  const { run } = await makePlace(t);
  const away = await run("push", "shop/web", "127.0.0.1:2/shop/web:1");
  assert.equal(away.code, 1);
  assert.match(away.stderr, /127\.0\.0\.1:2[^]*code: registry-unreachable\n$/);
  const wrong = await run("push", "shop/web", "127.0.0.1:1/SHOP:1");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /code: reference-malformed\n$/);
});

test("copy goes between store, folders and registries, and every copy has the same digest", { skip }, async (t) => {
  const { folder, digest, run, elsewhere } = await makePlace(t);
  const { host } = await startRegistry(t, folder);
  const copied = await run("copy", "store:shop/web", "oci:layout:web", "--json");
  assert.deepEqual(parseJson(copied), { from: "store:shop/web", to: "oci:layout:web", digest, statements: 0 });
  for (const [from, to] of [
    ["oci:layout:web", `docker://${host}/a/web:1`],
    [`docker://${host}/a/web:1`, `docker://${host}/b/web:2`],
    [`docker://${host}/b/web:2`, "oci:second"],
    ["oci:second", "store:again"],
  ]) {
    const result = await elsewhere("copy", from!, to!);
    assert.equal(result.stdout, `${to}  ${digest}\n`, result.stderr);
  }
  assert.deepEqual(readdirSync(join(folder, "second")).toSorted().slice(0, 2), ["blobs", "index.json"]);
});

test(
  "an image's statements go with it, and are not images themselves; --no-evidence leaves them",
  { skip },
  async (t) => {
    const { folder, layout, digest, run, elsewhere } = await makePlace(t);
    const { host } = await startRegistry(t, folder);
    await attachTexts(layout, layout.resolveReference("shop/web"), ["a", "b"]);
    const reference = `${host}/shop/web:1`;
    const statementsOf = async (running: Promise<IngotResult>) =>
      parseJson<{ statements: number }>(await running).statements;
    assert.equal((await run("push", "shop/web", reference)).stdout, `${reference}  ${digest}  with 2 statements\n`);
    assert.equal(await statementsOf(elsewhere("pull", reference, "alone", "--no-evidence", "--json")), 0);
    const attached = () =>
      listReferrers(openLayout(join(folder, "other/store")), layout.resolveReference("shop/web").digest);
    assert.equal(attached().length, 0);
    assert.equal(await statementsOf(elsewhere("pull", reference, "mine", "--json")), 2);
    assert.equal(attached().length, 2);
    assert.equal(await statementsOf(elsewhere("copy", "mine", "oci:out:web", "--json")), 2);
    assert.equal(await statementsOf(elsewhere("copy", "mine", "oci:bare", "--no-evidence", "--json")), 0);
    assert.equal(await statementsOf(elsewhere("push", "mine", `${host}/bare:1`, "--no-evidence", "--json")), 0);
    // The only image of its layout, whatever is attached to it.
    assert.equal((await elsewhere("copy", "oci:out", "store:again")).code, 0);
    const { images } = parseJson<{ images: { name: string }[] }>(await elsewhere("images", "--json"));
    assert.deepEqual(
      images.map(({ name }) => name),
      ["again", "alone", "mine"],
    );
    assert.equal((await elsewhere("gc", "--check")).code, 0);
    rmSync(layout.blobPath(digestOf("b")));
    const warned = await run("push", "shop/web", `${host}/third:1`);
    assert.equal(warned.stdout, `${host}/third:1  ${digest}  with 1 statement\n`);
    assert.match(warned.stderr, /left out sha256:[0-9a-f]{64}.*the store has no blob/);
    assert.equal((await run("gc", "--check")).code, 4);
    await run("gc", "--check", "--remove-damaged");
    assert.equal((await run("gc", "--check")).code, 0);
  },
);

test("a name that a folder lacks is told with the folder and the names that it has", async (t) => {
  const { folder, run } = await makePlace(t);
  assert.equal((await run("copy", "shop/web", "oci:out:web")).code, 0);
  for (const args of [
    ["copy", "oci:out:wbe", "store:again"],
    ["copy", "oci:out:wbe", "127.0.0.1:5000/web:1"],
    ["evidence", "oci:out:wbe"],
  ]) {
    const { stderr } = await run(...args);
    assert.ok(stderr.startsWith(`error: the folder ${folder}/out has no image "wbe"\n  web\nhint: `), stderr);
    assert.match(stderr, /code: reference-unknown\n$/);
  }
  assert.match((await run("copy", "store:wbe", "oci:out:x")).stderr, /^error: the store has no image "wbe"/);
});

test("copy from a folder that is no layout is refused, and the folder is left alone", async (t) => {
  const { folder, run } = await makePlace(t);
  const result = await run("copy", "oci:nothing:web", "store:web");
  assert.equal(result.code, 1);
  assert.match(result.stderr, /nothing[^]*code: layout-unusable\n$/);
  assert.ok(!existsSync(join(folder, "nothing")));
  mkdirSync(join(folder, "mine"));
  writeFileSync(join(folder, "mine/notes"), "");
  const other = await run("copy", "shop/web", "oci:mine:web");
  assert.match(other.stderr, /code: layout-unusable\n$/);
  assert.deepEqual(readdirSync(join(folder, "mine")), ["notes"]);
});

test("copy takes the project's image for a short name, as run, diff and push do", async (t) => {
  const { folder, digest, run } = await makePlace(t);
  writeFileSync(join(folder, "ingot.yaml"), "project: shop\nimages:\n  web: {base: debian:bookworm}\n");
  for (const from of ["web", "store:web", "shop/web"]) {
    const copied = await run("copy", from, `oci:inside of a project:${from.replace(":", "-")}`, "--json");
    assert.equal(copied.code, 0, copied.stderr);
    assert.equal(parseJson<{ digest: string }>(copied).digest, digest);
  }
});
