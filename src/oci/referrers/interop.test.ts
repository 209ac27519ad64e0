/** Artifacts of images between Ingot and other tools, by a real docker-registry (which keeps no lists) and by layouts. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startDockerRegistry } from "../../../test/support/docker-registry.ts";
import { newerTool } from "../../../test/support/newer-tools.ts";
import { hasProgram } from "../../../test/support/real-packages.ts";
import { processContext, type Context } from "../../ground/context.ts";
import { attachTexts, bundleType } from "../artifact.fixture.ts";
import { checkLayout } from "../check-layout.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf, type Digest } from "../digest.ts";
import { openLayout, type Layout } from "../layout.ts";
import { copyImage, parseTransport, type CopiedImage } from "../oci.ts";
import { listReferrers } from "../referrers.ts";
import { putTinyImage } from "../tiny-image.fixture.ts";

type Place = {
  readonly folder: string;
  readonly layout: Layout;
  readonly image: Descriptor;
  readonly attached: readonly Descriptor[];
  readonly copy: (from: string, to: string, options?: { evidence?: boolean }) => Promise<CopiedImage>;
  /** A program with no login of the person who runs the tests. */
  readonly run: (program: string, ...args: readonly string[]) => string;
};

/** A layout in `layout` with the image `web` and three artifacts. */
async function place(t: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-attached-interop-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const layout = openLayout(join(folder, "layout"));
  const image = putTinyImage(layout, { text: "an image" });
  await layout.setReference("web", image);
  const attached = await attachTexts(layout, image, ["a", "b", "c"]);
  const env = { PATH: process.env.PATH ?? "", HOME: folder, DOCKER_CONFIG: join(folder, "docker") };
  const context: Context = processContext({ cwd: folder, home: join(folder, "home"), env });
  return {
    folder,
    layout,
    image,
    attached,
    copy: (from, to, options) => copyImage(context, { from: parseTransport(from), to: parseTransport(to) }, options),
    run: (program, ...args) =>
      execFileSync(program, args, { encoding: "utf8", cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] }),
  };
}

async function startRegistry(t: TestContext, { folder }: Place): Promise<string> {
  const registry = await startDockerRegistry(join(folder, "registry"));
  t.after(() => registry.stop());
  return registry.host;
}

type Discovered = {
  readonly digest: Digest;
  readonly artifactType?: string;
  readonly referrers?: readonly Discovered[];
};

/** What oras finds attached to an image, by digest. */
function discover(here: Place, oras: string, ...where: readonly string[]): Discovered[] {
  const { referrers = [] } = JSON.parse(here.run(oras, "discover", "--format", "json", ...where)) as Discovered;
  return referrers.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

const sorted = (descriptors: readonly Descriptor[]): Digest[] => descriptors.map(({ digest }) => digest).toSorted();
const attachedIn = (layout: Layout, { digest }: Descriptor): Digest[] =>
  listReferrers(layout, digest).map(({ descriptor }) => descriptor.digest);

const noRegistry = hasProgram("docker-registry") ? false : "needs docker-registry: not installed";
const [oras, crane] = [newerTool("oras"), newerTool("crane")];

test("oras finds in a layout what Ingot attached", async (t) => {
  if (oras === undefined) return t.skip("needs oras: not installed");
  const here = await place(t);
  for (const name of ["web", here.image.digest]) {
    const separator = name === "web" ? ":" : "@";
    const found = discover(here, oras, "--oci-layout", `${here.layout.folder}${separator}${name}`);
    assert.deepEqual(
      found.map(({ digest, artifactType }) => [digest, artifactType]),
      sorted(here.attached).map((digest) => [digest, bundleType]),
    );
  }
});

test("what oras attached in a layout is listed, and copied with the image", async (t) => {
  if (oras === undefined) return t.skip("needs oras: not installed");
  const here = await place(t);
  writeFileSync(join(here.folder, "note.txt"), "a note");
  here.run(
    oras,
    "attach",
    "--oci-layout",
    `${here.layout.folder}:web`,
    "--artifact-type",
    "application/note",
    "note.txt",
  );
  assert.equal(attachedIn(here.layout, here.image).length, 4);
  assert.equal((await here.copy("oci:layout", "oci:other:web")).statements, 4);
  const other = openLayout(join(here.folder, "other"));
  assert.deepEqual(attachedIn(other, here.image), attachedIn(here.layout, here.image));
  assert.deepEqual(await checkLayout(other), []);
  assert.equal(discover(here, oras, "--oci-layout", `${other.folder}:web`).length, 4);
});

test("skopeo copies an image out of a layout where something is attached to it", async (t) => {
  if (!hasProgram("skopeo")) return t.skip("needs skopeo: not installed");
  const here = await place(t);
  here.run("skopeo", "copy", "--insecure-policy", `oci:${here.layout.folder}:web`, "oci:skopeo:web");
  assert.equal(openLayout(join(here.folder, "skopeo")).resolveReference("web").digest, here.image.digest);
});

test("an image travels through docker-registry with what is attached to it", { skip: noRegistry }, async (t) => {
  const here = await place(t);
  const host = await startRegistry(t, here);
  for (let times = 0; times < 2; times++) {
    const pushed = await here.copy("oci:layout:web", `docker://${host}/shop/web:1`);
    assert.deepEqual([pushed.digest, pushed.statements], [here.image.digest, 3]);
    assert.equal((await here.copy(`docker://${host}/shop/web:1`, "oci:pulled:web")).statements, 3);
  }
  assert.equal((await here.copy(`docker://${host}/shop/web:1`, `docker://${host}/copied/web:2`)).statements, 3);
  assert.equal((await here.copy(`docker://${host}/copied/web:2`, "oci:again:web")).statements, 3);
  for (const name of ["pulled", "again"]) {
    const layout = openLayout(join(here.folder, name));
    assert.deepEqual(attachedIn(layout, here.image), sorted(here.attached));
    assert.deepEqual(await checkLayout(layout), []);
  }
});

test("without evidence an image travels alone", { skip: noRegistry }, async (t) => {
  const here = await place(t);
  const host = await startRegistry(t, here);
  const alone = { evidence: false };
  assert.equal((await here.copy("oci:layout:web", `docker://${host}/alone:1`, alone)).statements, 0);
  assert.equal((await here.copy(`docker://${host}/alone:1`, "oci:one:web")).statements, 0);
  await here.copy("oci:layout:web", `docker://${host}/with:1`);
  assert.equal((await here.copy(`docker://${host}/with:1`, "oci:two:web", alone)).statements, 0);
  assert.equal((await here.copy("oci:layout:web", "oci:three:web", alone)).statements, 0);
  for (const name of ["one", "two", "three"]) {
    assert.deepEqual(attachedIn(openLayout(join(here.folder, name)), here.image), []);
  }
});

test("oras and crane find in docker-registry what Ingot pushed", { skip: noRegistry }, async (t) => {
  if (oras === undefined || crane === undefined) return t.skip("needs oras and crane: not installed");
  const here = await place(t);
  const host = await startRegistry(t, here);
  await here.copy("oci:layout:web", `docker://${host}/shop/web:1`);
  const found = discover(here, oras, "--plain-http", `${host}/shop/web:1`);
  assert.deepEqual(
    found.map(({ digest, artifactType }) => [digest, artifactType]),
    sorted(here.attached).map((digest) => [digest, bundleType]),
  );
  const tag = here.image.digest.replace(":", "-");
  const list = JSON.parse(here.run(crane, "manifest", "--insecure", `${host}/shop/web:${tag}`)) as object;
  const own = here.layout.listReferences().length;
  assert.equal(own, 1);
  assert.deepEqual(list, {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: here.attached.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
  });
  const [first] = here.attached;
  assert.equal(here.run(crane, "blob", "--insecure", `${host}/shop/web@${digestOf("a")}`), "a");
  assert.equal(here.run(crane, "digest", "--insecure", `${host}/shop/web@${first!.digest}`).trim(), first!.digest);
});

test(
  "what oras attached in docker-registry stays beside what Ingot pushes, and is pulled",
  { skip: noRegistry },
  async (t) => {
    if (oras === undefined) return t.skip("needs oras: not installed");
    const here = await place(t);
    const host = await startRegistry(t, here);
    await here.copy("oci:layout:web", `docker://${host}/shop/web:1`, { evidence: false });
    writeFileSync(join(here.folder, "note.txt"), "a note");
    here.run(oras, "attach", "--plain-http", `${host}/shop/web:1`, "--artifact-type", "application/note", "note.txt");
    assert.equal((await here.copy("oci:layout:web", `docker://${host}/shop/web:1`)).statements, 3);
    assert.equal(discover(here, oras, "--plain-http", `${host}/shop/web:1`).length, 4);
    assert.equal((await here.copy(`docker://${host}/shop/web:1`, "oci:pulled:web")).statements, 4);
    const pulled = listReferrers(openLayout(join(here.folder, "pulled")), here.image.digest);
    assert.equal(pulled.filter(({ artifactType }) => artifactType === "application/note").length, 1);
    assert.equal((await here.copy("oci:pulled:web", `docker://${host}/other/web:1`)).statements, 4);
  },
);

test(
  "what was deleted from docker-registry since does not keep more from being pushed",
  { skip: noRegistry },
  async (t) => {
    const here = await place(t);
    const host = await startRegistry(t, here);
    await here.copy("oci:layout:web", `docker://${host}/shop/web:1`);
    const [first] = here.attached;
    const deleted = await fetch(`http://${host}/v2/shop/web/manifests/${first!.digest}`, { method: "DELETE" });
    assert.equal(deleted.status, 202);
    await attachTexts(here.layout, here.image, ["d"]);
    const without = openLayout(join(here.folder, "without"));
    await here.copy("oci:layout:web", "oci:without:web", { evidence: false });
    await attachTexts(without, here.image, ["d"]);
    assert.equal((await here.copy("oci:without:web", `docker://${host}/shop/web:1`)).statements, 1);
    assert.equal((await here.copy(`docker://${host}/shop/web:1`, "oci:pulled:web")).statements, 3);
    // Pushed again from where it still is, it is back.
    assert.equal((await here.copy("oci:layout:web", `docker://${host}/shop/web:1`)).statements, 4);
    assert.equal((await here.copy(`docker://${host}/shop/web:1`, "oci:pulled:web")).statements, 4);
  },
);
