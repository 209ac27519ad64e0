import assert from "node:assert/strict";
import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { startDockerRegistry, type DockerRegistry } from "../../test/support/docker-registry.ts";
import { startDockerd } from "../../test/support/dockerd.ts";
import { schemaValidator, whyNoSchemas } from "../../test/support/oci-schemas.ts";
import { processContext, type Context } from "../ground/context.ts";
import { checkLayout } from "./check-layout.ts";
import type { Descriptor } from "./descriptor.ts";
import { openLayout, openStore, type Layout } from "./layout.ts";
import { parseImageManifest } from "./manifest.ts";
import { openRepository, pingRegistry } from "./registry.ts";
import { tarEntry } from "./tar/tar-entry.fixture.ts";
import type { TarEntry } from "./tar/entry.ts";
import { putTinyImage } from "./tiny-image.fixture.ts";
import { copyImage, parseTransport } from "./oci.ts";

/** An image that real engines can run: `echo` of this host with its loader and libc, and a second layer that hides a file of the first. */
let folder: string;
let layout: Layout;
let image: Descriptor;

before(async () => {
  // Podman makes an image's name of the folder's, and takes no upper-case letters there.
  folder = join("/var/tmp", `ingot-interop-${process.pid}`);
  mkdirSync(folder);
  layout = openLayout(join(folder, "layout"));
  const hidden = [
    tarEntry({ path: "etc/hidden", content: "lower" }),
    tarEntry({ path: `etc/${"long".repeat(40)}-é`, content: "long" }),
  ];
  // Within one layer: dockerd does not find a link's target in a lower one.
  const link = tarEntry({ path: "etc/link", type: "hardlink", linkname: "etc/linked" });
  const upper = [tarEntry({ path: "etc/.wh.hidden" }), tarEntry({ path: "etc/linked", content: "x" }), link];
  image = putTinyImage(layout, {
    layers: [[...programEntries(), ...hidden], upper],
    command: ["/bin/echo", "it", "runs"],
  });
  await layout.setReference("shop/web", image);
  await layout.setReference("shop/web:1.0", image);
});

after(() => rmSync(folder, { recursive: true, force: true }));

function programEntries(): TarEntry[] {
  const files = ["/bin/echo", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"];
  return files.map((path) => tarEntry({ path: path.slice(1), content: readFileSync(realpathSync(path)), mode: 0o755 }));
}

/** Whether a program is there; otherwise the test is skipped by name. */
function has(t: TestContext, program: string, packageName = program): boolean {
  if (!spawnSync(program, ["--version"]).error) return true;
  t.skip(`needs ${program}: not installed (apt-get install ${packageName})`);
  return false;
}

function run(program: string, ...args: string[]): string {
  const result: SpawnSyncReturns<string> = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, TMPDIR: folder },
  });
  assert.equal(result.status, 0, `${program} ${args.join(" ")}:\n${result.stderr}`);
  return result.stdout;
}

test("every document follows the JSON schemas of the image specification", (t) => {
  const reason = whyNoSchemas();
  if (reason !== undefined) return t.skip(reason);
  const validate = schemaValidator();
  const manifest = parseImageManifest(layout.readBlob(image.digest));
  validate("image-manifest-schema.json", layout.readBlob(image.digest));
  validate("config-schema.json", layout.readBlob(manifest.config.digest));
  validate("image-index-schema.json", readFileSync(join(layout.folder, "index.json")));
  validate("image-layout-schema.json", readFileSync(join(layout.folder, "oci-layout")));
  for (const layer of manifest.layers) validate("content-descriptor.json", Buffer.from(JSON.stringify(layer)));
  const wrong = Buffer.from(JSON.stringify({ ...manifest, schemaVersion: 1 }));
  assert.throws(() => validate("image-manifest-schema.json", wrong));
});

test("skopeo reads the layout, and what it copies is read", (t) => {
  if (!has(t, "skopeo")) return;
  const inspected = JSON.parse(run("skopeo", "inspect", `oci:${layout.folder}:shop/web:1.0`)) as { Digest: string };
  assert.equal(inspected.Digest, image.digest);
  const copy = join(folder, "skopeo-copy");
  run("skopeo", "copy", "--insecure-policy", `oci:${layout.folder}:shop/web`, `oci:${copy}:theirs`);
  assert.equal(openLayout(copy).resolveReference("theirs").digest, image.digest);
});

test("umoci unpacks the layout, whiteouts applied", (t) => {
  if (!has(t, "umoci")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: umoci unpacks owners");
  const bundle = join(folder, "bundle");
  run("umoci", "unpack", "--image", `${layout.folder}:shop/web`, bundle);
  assert.equal(execFileSync(join(bundle, "rootfs/bin/echo"), ["hello"], { encoding: "utf8" }), "hello\n");
  assert.equal(existsSync(join(bundle, "rootfs/etc/hidden")), false);
  assert.equal(readFileSync(join(bundle, `rootfs/etc/${"long".repeat(40)}-é`), "utf8"), "long");
  run("umoci", "gc", "--layout", layout.folder);
  assert.equal(layout.resolveReference("shop/web").digest, image.digest);
});

test("podman loads and runs the image", (t) => {
  if (!has(t, "podman") || !has(t, "runc")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: a container engine");
  const state = [
    `--root=${join(folder, "podman")}`,
    `--runroot=${join(folder, "podman-run")}`,
    "--storage-driver=vfs",
    "--cgroup-manager=cgroupfs",
    // crun refuses hosts with both versions of cgroups.
    "--runtime=runc",
  ];
  run("podman", ...state, "pull", "-q", `oci:${layout.folder}:shop/web`);
  const id = run("podman", ...state, "images", "-q").trim();
  const limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000"];
  assert.equal(run("podman", ...state, "run", "--rm", "--network=none", ...limits, id), "it runs\n");
});

test("dockerd loads and runs the image", async (t) => {
  if (!has(t, "dockerd", "docker.io") || !has(t, "docker", "docker.io") || !has(t, "skopeo")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: a container engine");
  const archive = join(folder, "docker.tar");
  run("skopeo", "copy", "--insecure-policy", `oci:${layout.folder}:shop/web`, `docker-archive:${archive}:shop/web:1`);
  const daemon = await startDockerd(join(folder, "docker"));
  try {
    await daemon.docker("load", "-i", archive);
    assert.equal(await daemon.docker("run", "--rm", "--network", "none", "shop/web:1"), "it runs\n");
  } finally {
    await daemon.stop();
  }
});

/** `tester` and the password `secret`, as htpasswd -B writes it. */
const htpasswd = "tester:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

async function registryWithLogin(
  t: TestContext,
  password: string,
): Promise<{ registry: DockerRegistry; context: Context }> {
  const place = mkdtempSync(join(folder, "registry-"));
  const registry = await startDockerRegistry(place, { htpasswd });
  t.after(() => registry.stop());
  const auth = Buffer.from(`tester:${password}`).toString("base64");
  mkdirSync(join(place, "docker"));
  writeFileSync(join(place, "docker/config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  return {
    registry,
    context: processContext({
      home: join(place, "home"),
      env: { ...process.env, DOCKER_CONFIG: join(place, "docker") },
    }),
  };
}

test("an image goes through docker-registry with a login, and skopeo gets the same", async (t) => {
  if (!has(t, "docker-registry") || !has(t, "skopeo")) return;
  const { registry, context } = await registryWithLogin(t, "secret");
  await pingRegistry(context, registry.host);
  const from = parseTransport(`oci:${layout.folder}:shop/web`);
  const to = parseTransport(`docker://${registry.host}/shop/web:1`);
  assert.equal((await copyImage(context, { from, to })).digest, image.digest);
  const stored = await copyImage(context, { from: to, to: parseTransport("store:pulled") });
  assert.equal(stored.digest, image.digest);
  const store = openStore(context);
  assert.equal(store.resolveReference("pulled").digest, image.digest);
  assert.deepEqual(await checkLayout(store), []);
  const repository = openRepository(context, { registry: registry.host, repository: "shop/web" });
  assert.deepEqual(await repository.listTags(), ["1"]);
  assert.equal(await repository.hasManifest(image.digest), true);
  const options = ["--creds=tester:secret", "--tls-verify=false"];
  const inspected = JSON.parse(run("skopeo", "inspect", ...options, `docker://${registry.host}/shop/web:1`)) as {
    Digest: string;
  };
  assert.equal(inspected.Digest, image.digest);
});

test("layers are mounted from another repository of docker-registry, and copied from one to another", async (t) => {
  if (!has(t, "docker-registry")) return;
  const { registry, context } = await registryWithLogin(t, "secret");
  const place = (name: string) => parseTransport(`docker://${registry.host}/${name}:1`);
  await copyImage(context, { from: parseTransport(`oci:${layout.folder}:shop/web`), to: place("golden") });
  const repository = openRepository(context, { registry: registry.host, repository: "derived" });
  const layer = parseImageManifest(layout.readBlob(image.digest)).layers[0]!;
  const upload = { digest: layer.digest, path: "/nonexistent", mountFrom: "golden" };
  assert.equal(await repository.uploadBlob(upload), "mounted");
  assert.equal(await repository.uploadBlob(upload), "present");
  await copyImage(context, { from: place("golden"), to: place("copied/image") });
  const copied = openRepository(context, { registry: registry.host, repository: "copied/image" });
  assert.equal((await copied.fetchManifest("1")).descriptor.digest, image.digest);
});

test("docker-registry refuses a wrong login and does not have what was never pushed", async (t) => {
  if (!has(t, "docker-registry")) return;
  const wrong = await registryWithLogin(t, "wrong");
  const from = parseTransport(`oci:${layout.folder}:shop/web`);
  const to = parseTransport(`${wrong.registry.host}/shop/web:1`);
  await assert.rejects(copyImage(wrong.context, { from, to }), { code: "registry-denied" });
  const right = await registryWithLogin(t, "secret");
  const absent = parseTransport(`${right.registry.host}/absent:1`);
  await assert.rejects(copyImage(right.context, { from: absent, to: parseTransport("x") }), {
    code: "registry-missing",
  });
  assert.deepEqual(openStore(right.context).listReferences(), []);
});

test("an image is copied between layouts and the store, by name or as the only one", async () => {
  const context = processContext({ home: join(folder, "home"), cwd: folder });
  const copy = async (from: string, to: string) =>
    (await copyImage(context, { from: parseTransport(from), to: parseTransport(to) })).digest;
  const own = basename(layout.folder);
  assert.equal(await copy(`oci:${own}:shop/web`, "shop/copy"), image.digest);
  assert.equal(await copy("shop/copy", "oci:other:x"), image.digest);
  assert.equal(await copy("oci:other", "store:again"), image.digest);
  assert.equal(await copy(image.digest.slice(7, 20), "oci:third:y"), image.digest);
  assert.deepEqual(await checkLayout(openLayout(join(folder, "third"))), []);
  assert.equal(await copy("oci:third:y", "oci:unnamed"), image.digest);
  assert.equal(await copy("oci:unnamed", "oci:unnamed"), image.digest);
  const unnamed = openLayout(join(folder, "unnamed")).listManifests();
  assert.deepEqual(
    unnamed.map(({ digest, annotations }) => ({ digest, annotations })),
    [{ digest: image.digest, annotations: undefined }],
  );
  await assert.rejects(copy(`oci:${own}`, "x"), { code: "reference-ambiguous" });
  await assert.rejects(copy("oci:absent:x", "x"), { code: "layout-unusable" });
  await assert.rejects(copy("absent", "x"), { code: "reference-unknown" });
});

test("each transport has its word", () => {
  const reference = { registry: "registry.example", repository: "web", tag: "1" };
  assert.deepEqual(parseTransport("docker://registry.example/web:1"), { kind: "registry", reference });
  assert.deepEqual(parseTransport("registry.example/web:1"), { kind: "registry", reference });
  assert.deepEqual(parseTransport("shop/web:1"), { kind: "store", name: "shop/web:1" });
  assert.deepEqual(parseTransport("store:registry.example/web:1"), { kind: "store", name: "registry.example/web:1" });
  assert.deepEqual(parseTransport("oci:./folder"), { kind: "layout", folder: "./folder" });
  assert.deepEqual(parseTransport("oci:/folder:shop/web:1"), { kind: "layout", folder: "/folder", name: "shop/web:1" });
  assert.throws(() => parseTransport("oci::x"), { code: "reference-malformed" });
});
