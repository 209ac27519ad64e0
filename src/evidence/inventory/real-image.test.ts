import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { test, type TestContext } from "node:test";
import { createGunzip } from "node:zlib";
import { isInstalled, makeTestHome, whyNoInstances } from "../../../test/support/runtime-image.ts";
import { openLayout, openStore } from "../../oci/layout.ts";
import { layerBlobs, readImage } from "../../oci/read-image.ts";
import { bookworm, dpkg, file, storeImage } from "./inventory.fixture.ts";
import { readInventory } from "./read-inventory.ts";

/** An image of one layer by GNU tar: what it lists, and dpkg's own database unpacked. */
async function unpackDatabase(
  t: TestContext,
  layer: string,
): Promise<{ admindir: string; paths: ReadonlySet<string> }> {
  const root = mkdtempSync(join(tmpdir(), "ingot-dpkg-"));
  t.after(() => rmSync(root, { recursive: true }));
  const tar = join(root, "layer.tar");
  await pipeline(createReadStream(layer), createGunzip(), createWriteStream(tar));
  execFileSync("tar", ["-C", root, "-xf", tar, "--wildcards", "*var/lib/dpkg/*"]);
  const listed = execFileSync("tar", ["-tf", tar], { encoding: "utf8", maxBuffer: 1 << 26 }).split("\n");
  return { admindir: join(root, "var/lib/dpkg"), paths: new Set(listed.map((path) => path.replace(/^\.\//, ""))) };
}

const whyNot = whyNoInstances() ?? (isInstalled("dpkg-query") ? undefined : "needs dpkg-query: not installed");

test("of a real image the packages are those that dpkg-query lists, and nothing stays unexplained but what was put there by hand", async (t) => {
  if (whyNot !== undefined) return t.skip(whyNot);
  const { ctx, home, image } = await makeTestHome();
  t.after(() => rmSync(home, { recursive: true }));
  const layout = openStore(ctx);
  const { manifest, config } = readImage(layout, image.digest);
  const [layer = assert.fail("no layer")] = layerBlobs(manifest, config, "web");
  const { admindir, paths } = await unpackDatabase(t, layout.blobPath(layer.digest));
  const inventory = await readInventory(ctx, { layout, digest: image.digest });

  const format = "${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}|${Maintainer}\n";
  const listed = execFileSync("dpkg-query", [`--admindir=${admindir}`, "-W", `-f=${format}`], { encoding: "utf8" });
  assert.deepEqual(
    inventory.debian
      .map((item) => [item.name, item.version, item.architecture, item.source, item.sourceVersion, item.maintainer])
      .map((fields) => fields.join("|"))
      .toSorted(),
    listed.trimEnd().split("\n").toSorted(),
  );
  assert.ok(inventory.debian.length > 90);
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["etc/apt/sources.list", "srv/www/index.html", "usr/local/bin/setuid-perl"],
  );
  assert.deepEqual([inventory.os?.codename, inventory.architecture, inventory.notes], ["bookworm", "amd64", []]);
  for (const { name, files, contents, copyright } of inventory.debian) assert.ok(files && contents && copyright, name);
  // Most of Debian's copyright files are machine-readable.
  assert.ok(inventory.debian.filter(({ licences }) => licences.length > 0).length > inventory.debian.length * 0.7);

  // Each package's list, as far as tar lists it as anything but a folder; only the merged /usr is put in here.
  const names = inventory.debian.map(({ name }) => name);
  const lists = execFileSync("dpkg-query", [`--admindir=${admindir}`, "-L", ...names], { encoding: "utf8" }).split(
    "\n\n",
  );
  assert.equal(lists.length, names.length);
  for (const [at, item] of inventory.debian.entries()) {
    const says = (lists[at] ?? "").trimEnd().split("\n");
    const merged = says.map((path) => path.slice(1).replace(/^(bin|sbin|lib|lib64)\//, "usr/$1/"));
    assert.deepEqual(item.files, [...new Set(merged.filter((path) => paths.has(path)))].toSorted(), item.name);
  }
});

test("an image that another tool wrote again has the same inventory", async (t) => {
  if (!isInstalled("skopeo")) return t.skip("needs skopeo: not installed");
  const lower = [bookworm, ...dpkg({ name: "a", files: ["usr/bin/a"] }), file("usr/bin/a"), file("gone")];
  const { ctx, layout, digest } = storeImage(t, [lower, [file(".wh.gone", ""), file("srv/app")]]);
  const first = await readInventory(ctx, { layout, digest });
  await layout.setReference("app", layout.resolveReference(digest));
  const elsewhere = mkdtempSync(join(tmpdir(), "ingot-skopeo-"));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  const [archive, folder] = [`docker-archive:${elsewhere}/app.tar:app:1`, join(elsewhere, "oci")];
  const skopeo = (from: string, to: string): unknown =>
    execFileSync("skopeo", ["--insecure-policy", "copy", "--quiet", from, to], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  skopeo(`oci:${layout.folder}:app`, archive);
  skopeo(archive, `oci:${folder}:app`);
  const other = openLayout(folder, { create: false });
  const again = await readInventory(ctx, { layout: other, digest: other.resolveReference("app").digest });
  assert.notEqual(again.image, first.image, "skopeo wrote another manifest");
  assert.deepEqual({ ...again, image: "" }, { ...first, image: "" });
  assert.deepEqual(
    again.unowned.map(({ path }) => path),
    ["etc/os-release", "srv/app"],
  );
});
