/** The main job as a user does it, on the real archive: one image cast by bin/ingot, the same twice, and taken by every engine that there is. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { openLayout, type Layout } from "../src/oci/layout.ts";
import { runtimePaths } from "../src/runtime/paths.ts";
import { parseImageManifest, type ImageManifest } from "../src/oci/manifest.ts";
import { startDockerd } from "./support/dockerd.ts";
import { schemaValidator, whyNoSchemas } from "./support/oci-schemas.ts";
import type { TestReport } from "../src/evidence/tests/test-result.ts";
import { parseJson, runIngot } from "./support/run-ingot.ts";
import { whyNoInstances } from "./support/runtime-image.ts";

type Built = {
  readonly images: readonly { readonly name: string; readonly reference: string; readonly digest: string }[];
};

/** In memory: engines unpack the image three times. Lower case only: podman makes an image's name of the folder's. */
const folder = join("/dev/shm", `ingot-cast-${process.pid}`);
const home = join(folder, "home");
const project = join(folder, "shop");
let layout: Layout;
let digest: string;

async function ingot(args: readonly string[], env: Record<string, string> = {}, cwd = project): Promise<string> {
  const result = await runIngot(args, { cwd, env: { INGOT_HOME: home, ...env }, timeout: 300_000 });
  assert.equal(result.code, 0, `ingot ${args.join(" ")}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

async function build(args: readonly string[] = [], env: Record<string, string> = {}, cwd = project): Promise<string> {
  const stdout = await ingot(["build", "--json", ...args], env, cwd);
  const { images } = parseJson<Built>({ code: 0, stdout, stderr: "" });
  assert.deepEqual(
    images.map((image) => image.name),
    ["web"],
  );
  return images[0]?.digest ?? "";
}

before(async () => {
  mkdirSync(folder);
  await ingot(["init", project], {}, folder);
  await ingot(["lock"]);
  digest = await build();
  layout = openLayout(join(home, "store"), { create: false });
});

after(() => {
  rmSync(runtimePaths(home).run, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

test("another machine's clone gives the same digest: other folder, home, time zone, umask, locale and environment", async () => {
  const clone = mkdtempSync(join("/dev/shm", "ingot-clone-"));
  try {
    cpSync(project, join(clone, "elsewhere"), { recursive: true });
    mkdirSync(join(clone, "home"));
    cpSync(join(home, "vault"), join(clone, "home/vault"), { recursive: true });
    // The clone's files are newer, and a strict umask made them private.
    execFileSync("chmod", ["-R", "go-rwx", join(clone, "elsewhere")]);
    const env = {
      INGOT_HOME: join(clone, "home"),
      TZ: "Pacific/Kiritimati",
      LC_ALL: "tr_TR.UTF-8",
      HOME: "/nonexistent",
    };
    const mask = process.umask(0o077);
    try {
      assert.equal(await build(["--no-cache"], { ...env, LANG: "C" }, join(clone, "elsewhere")), digest);
    } finally {
      process.umask(mask);
    }
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
});

test("a changed page and its way back give another digest and the first one again", async () => {
  const page = join(project, "public/index.html");
  const original = readFileSync(page);
  writeFileSync(page, "other");
  assert.notEqual(await build(), digest);
  writeFileSync(page, original);
  assert.equal(await build(), digest);
});

test("the new project passes its own tests and all lints as it is", { skip: whyNoInstances() }, async () => {
  const stdout = await ingot(["test", "--json"]);
  const { images } = parseJson<{ images: readonly TestReport[] }>({ code: 0, stdout, stderr: "" });
  const outcomes = images.flatMap(({ checks }) => checks.map(({ kind, outcome }) => `${kind} ${outcome}`));
  assert.equal(outcomes.filter((text) => text === "test passed").length, 3);
  // Two hold only for images that say so: without a shell, without a package manager.
  assert.equal(outcomes.filter((text) => text === "lint skipped").length, 2);
  assert.ok(
    outcomes.every((text) => /passed$|^lint skipped$/.test(text)),
    stdout,
  );
});

function manifest(): ImageManifest {
  return parseImageManifest(layout.readBlob(layout.resolveReference("shop/web").digest));
}

test("manifest, configuration, layers and layout follow the schemas of the image specification", (t) => {
  const reason = whyNoSchemas();
  if (reason !== undefined) return t.skip(reason);
  const validate = schemaValidator();
  validate("image-manifest-schema.json", layout.readBlob(layout.resolveReference("shop/web").digest));
  validate("config-schema.json", layout.readBlob(manifest().config.digest));
  validate("image-index-schema.json", readFileSync(join(layout.folder, "index.json")));
  validate("image-layout-schema.json", readFileSync(join(layout.folder, "oci-layout")));
  for (const layer of manifest().layers) validate("content-descriptor.json", Buffer.from(JSON.stringify(layer)));
});

/** Whether a program is there; otherwise the test is skipped by name. */
function has(t: TestContext, ...programs: readonly string[]): boolean {
  const missing = programs.find((program) => spawnSync(program, ["--version"]).error !== undefined);
  if (missing !== undefined) t.skip(`needs ${missing}: not installed`);
  else if (process.getuid?.() !== 0) t.skip("needs root: a container engine");
  return missing === undefined && process.getuid?.() === 0;
}

function run(program: string, ...args: string[]): string {
  const result = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, TMPDIR: folder } });
  assert.equal(result.status, 0, `${program} ${args.join(" ")}:\n${result.stderr}`);
  return result.stdout + result.stderr;
}

test("skopeo copies the image and finds the same digest", (t) => {
  if (!has(t, "skopeo")) return;
  const copy = join(folder, "skopeo");
  run("skopeo", "copy", "--insecure-policy", `oci:${layout.folder}:shop/web`, `oci:${copy}:web`);
  assert.equal((JSON.parse(run("skopeo", "inspect", `oci:${copy}:web`)) as { Digest: string }).Digest, digest);
});

test("umoci unpacks the image, and dpkg finds nothing amiss in its tree", (t) => {
  if (!has(t, "umoci")) return;
  const bundle = join(folder, "bundle");
  run("umoci", "unpack", "--image", `${layout.folder}:shop/web`, bundle);
  const root = join(bundle, "rootfs");
  assert.match(run("chroot", root, "dpkg-query", "-W", "nginx-light"), /^nginx-light\t/);
  assert.equal(run("chroot", root, "dpkg", "--audit"), "");
  // The person's nginx.conf takes the place of the package's: the one difference there may be.
  const verified = spawnSync("chroot", [root, "dpkg", "--verify"], { encoding: "utf8" }).stdout;
  assert.equal(verified.trim(), "??5?????? c /etc/nginx/nginx.conf");
  assert.equal(existsSync(join(root, "srv/www/index.html")), true);
  rmSync(bundle, { recursive: true });
});

test("podman loads the image and runs its program", (t) => {
  if (!has(t, "podman", "runc")) return;
  const state = [
    `--root=${join(folder, "podman")}`,
    `--runroot=${join(folder, "podman-run")}`,
    "--storage-driver=overlay",
    "--cgroup-manager=cgroupfs",
    // crun refuses hosts with both versions of cgroups.
    "--runtime=runc",
  ];
  run("podman", ...state, "pull", "-q", `oci:${layout.folder}:shop/web`);
  const id = run("podman", ...state, "images", "-q").trim();
  const limits = ["--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000"];
  const output = run("podman", ...state, "run", "--rm", "--network=none", ...limits, id, "nginx", "-v");
  assert.match(output, /nginx version: nginx\/\d/);
});

test("dockerd loads the image and runs its program as its user", async (t) => {
  if (!has(t, "dockerd", "docker", "skopeo")) return;
  const archive = join(folder, "docker.tar");
  run("skopeo", "copy", "--insecure-policy", `oci:${layout.folder}:shop/web`, `docker-archive:${archive}:shop/web:1`);
  const daemon = await startDockerd(join(folder, "docker"));
  try {
    await daemon.docker("load", "-i", archive);
    assert.match(await daemon.docker("run", "--rm", "--network", "none", "shop/web:1", "id"), /^uid=33\(www-data\)/);
    const page = await daemon.docker("run", "--rm", "--network", "none", "shop/web:1", "cat", "/srv/www/index.html");
    assert.equal(page, readFileSync(join(project, "public/index.html"), "utf8"));
  } finally {
    await daemon.stop();
  }
});
