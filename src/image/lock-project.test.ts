import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import type { Publication } from "../../test/support/debian-archive.ts";
import { makeTestMirror } from "../../test/support/test-mirror.ts";
import type { Context } from "../ground/context.ts";
import { openLayout } from "../oci/layout.ts";
import { push } from "../oci/oci.ts";
import { parseReference } from "../oci/reference.ts";
import { startFakeRegistry } from "../oci/registry/fake-registry.fixture.ts";
import { putTinyImage } from "../oci/tiny-image.fixture.ts";
import { tarEntry } from "../oci/tar/tar-entry.fixture.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { definitionOf } from "./image.fixture.ts";
import { lockImages, versionsOf, type LockImagesOptions } from "./lock-images.fixture.ts";

const mirror = await makeTestMirror({ after });
const { archive, contextOf } = mirror;
const lock = (images: readonly ImageDefinition[], request?: LockImagesOptions) => lockImages(mirror, images, request);

const publication: Publication = {
  main: [
    { name: "base-files", version: "12", fields: { Essential: "yes" } },
    { name: "lib", version: "1.0" },
    { name: "web", version: "1.0", fields: { Depends: "lib (>= 1.0)" } },
    { name: "tool", version: "1.0", fields: { Depends: "lib" } },
  ],
};

/** The same with newer versions of everything, in the security suite. */
const newer: Publication = {
  ...publication,
  security: [
    { name: "lib", version: "1.1" },
    { name: "web", version: "1.1", fields: { Depends: "lib (>= 1.0)" } },
  ],
};

const web = definitionOf({ packages: ["web"] });

test("what is locked stays when the archive goes on; an update moves what it names, and all only when asked", async () => {
  await archive.publish(publication);
  const former = (await lock([web])).lock;
  await archive.publish(newer);
  const again = await lock([web], { former });
  assert.deepEqual(again.lock, former);
  assert.deepEqual(versionsOf(await lock([web], { former, update: ["lib"] })), {
    "base-files": "12",
    lib: "1.1",
    web: "1.0",
  });
  assert.deepEqual(versionsOf(await lock([web], { former, update: "all" })), {
    "base-files": "12",
    lib: "1.1",
    web: "1.1",
  });
});

test("an image on another image of the project installs only what that one lacks", async () => {
  await archive.publish(publication);
  const result = await lock([
    definitionOf({ name: "shop", base: { kind: "image", name: "web" }, packages: ["tool"] }),
    web,
  ]);
  assert.deepEqual(versionsOf(result, "shop"), { tool: "1.0" });
  assert.deepEqual(result.lock.images.shop?.base, { kind: "image", name: "web" });
});

test("an image that needs newer packages than its base has is told to update the base", async () => {
  await archive.publish(publication);
  const former = (await lock([web])).lock;
  const strict = { name: "strict", version: "1.0", fields: { Depends: "lib (>= 1.1)" } };
  await archive.publish({ ...newer, main: [...(newer.main ?? []), strict] });
  const shop = definitionOf({ name: "shop", base: { kind: "image", name: "web" }, packages: ["strict"] });
  await assert.rejects(lock([web, shop], { former }), {
    code: "base-outdated",
    details: ["lib: the base has 1.0, needed is 1.1"],
  });
  assert.deepEqual(versionsOf(await lock([web, shop], { former, update: ["lib"] }), "shop"), { strict: "1.0" });
});

test("a name to update that no image has is a slip of the pen", async () => {
  await archive.publish(publication);
  const former = (await lock([web])).lock;
  await assert.rejects(lock([web], { former, update: ["wbe"] }), { code: "usage", message: /"wbe"/ });
});

const status =
  "Package: lib\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\nMaintainer: a\nDescription: a\n";

/** A registry with an image of another tool, and the image that stands on it. */
async function makeBase(t: TestContext, files: Readonly<Record<string, string>>): Promise<ImageDefinition> {
  const registry = await startFakeRegistry(t);
  const reference = `${registry.host}/base:1`;
  const layout = openLayout(mkdtempSync(join(mirror.folder, "base-")));
  const entries = Object.entries(files).map(([path, content]) => tarEntry({ path, content }));
  const image = putTinyImage(layout, { layers: [entries] });
  await push(contextOf(), { layout, image }, parseReference(reference));
  return definitionOf({ base: { kind: "oci", reference }, packages: ["tool"] });
}

test("a registry's Debian image is pinned by digest, and its release and packages are read from its files", async (t) => {
  await archive.publish(publication);
  const definition = await makeBase(t, {
    "usr/lib/os-release": 'PRETTY_NAME="Debian"\nVERSION_CODENAME=bookworm\nID=debian\n',
    "var/lib/dpkg/status": status,
  });
  const result = await lock([definition]);
  const { base } = result.lock.images.web ?? {};
  assert.match(base?.kind === "oci" ? base.digest : "", /^sha256:/);
  assert.deepEqual(versionsOf(result), { tool: "1.0" });
});

test("/etc/os-release is believed before /usr/lib/os-release, and quotes are taken off", async (t) => {
  await archive.publish(publication);
  const definition = await makeBase(t, {
    "etc/os-release": 'ID="debian"\nVERSION_CODENAME="bookworm"\n',
    "usr/lib/os-release": "ID=other\n",
    "var/lib/dpkg/status": status,
  });
  assert.deepEqual(versionsOf(await lock([definition])), { tool: "1.0" });
});

const strangers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "that says it is another distribution": { "etc/os-release": "ID=alpine\nVERSION_CODENAME=bookworm\n" },
  "that says nothing": { "etc/motd": "" },
  "that is Debian without a codename": { "etc/os-release": "ID=debian\nVERSION_ID=99\n" },
};

for (const [name, files] of Object.entries(strangers)) {
  test(`packages on top of an image ${name} are refused`, async (t) => {
    await archive.publish(publication);
    await assert.rejects(lock([await makeBase(t, files)]), { code: "base-not-debian" });
  });
}

test("an image without packages may stand on anything, and its tag is asked for anew only when all may be updated", async (t) => {
  const definition = { ...(await makeBase(t, { "etc/motd": "" })), packages: [] };
  const former = (await lock([definition])).lock;
  const offline: Context = { ...contextOf(), fetch: () => Promise.reject(new TypeError("no network in this test")) };
  assert.deepEqual((await lock([definition], { former, ctx: offline })).lock, former);
  const fixes = { former, update: "all", security: "only", ctx: offline } as const;
  assert.deepEqual((await lock([definition], fixes)).lock, former, "the security suite has no images");
  const fetches: string[] = [];
  const watched: Context = {
    ...contextOf(),
    fetch: (url, init) => {
      fetches.push(init?.method ?? "");
      return fetch(url, init);
    },
  };
  await lock([definition], { former, update: "all", ctx: watched });
  assert.ok(fetches.length > 0);
});
