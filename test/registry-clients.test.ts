import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { record, strictEnvironment } from "../src/controller/verbs/releases.fixture.ts";
import { startRegistry, type TestRegistry } from "../src/api/registry/registry.fixture.ts";
import { runCommand } from "../src/ground/run-command.ts";
import type { Descriptor } from "../src/oci/descriptor.ts";
import { openLayout, type Layout } from "../src/oci/layout.ts";
import { putTinyImage } from "../src/oci/tiny-image.fixture.ts";
import { startContainerd } from "./support/containerd.ts";
import type { Daemon } from "./support/daemon.ts";
import { startDockerd } from "./support/dockerd.ts";
import { newerTool } from "./support/newer-tools.ts";
import { hasProgram } from "./support/real-packages.ts";

/** A registry with an image that the workload `ci` pushed as `shop/web:1`, and a folder for what a client keeps. */
type World = TestRegistry & {
  readonly folder: string;
  readonly layout: Layout;
  readonly image: Descriptor;
  /** The token of `ci`, a builder. */
  readonly token: string;
  readonly reference: string;
  /** Ended before the folder goes. */
  readonly daemons: Daemon[];
};

let number = 0;

async function makeWorld(t: TestContext): Promise<World> {
  const registry = await startRegistry(t);
  // Lower case only, and short: podman makes names, and containerd sockets, of it.
  const folder = `/var/tmp/ingot-clients-${process.pid}-${(number += 1)}`;
  mkdirSync(folder);
  const daemons: Daemon[] = [];
  t.after(async () => {
    for (const daemon of daemons) await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const layout = openLayout(join(folder, "layout"));
  const image = putTinyImage(layout, { text: "from a client", run: { Labels: { test: "clients" } } });
  await layout.setReference("web", image);
  const token = await registry.enter("workload:ci", ["builder"]);
  return { ...registry, folder, layout, image, token, daemons, reference: `${registry.host}/shop/web:1` };
}

/** Skips by name what this machine lacks. */
function lacks(t: TestContext, ...programs: readonly string[]): boolean {
  const missing = programs.find((program) => !hasProgram(program) && newerTool(program as "crane") === undefined);
  if (missing === undefined) return false;
  t.skip(`needs ${missing}: not installed`);
  return true;
}

/** What a client says that it refused, for the test's message. */
async function run(
  program: string,
  args: readonly string[],
  more: { input?: string; folder: string },
): Promise<string> {
  const path = newerTool(program as "crane") ?? program;
  const env = { ...process.env, DOCKER_CONFIG: more.folder, HOME: more.folder };
  const { input } = more;
  const { stdout } = await runCommand(path, args, { env, ...(input === undefined ? {} : { input }) });
  return stdout;
}

/** An image that is in the registry as it was pushed, and on the record. */
async function assertPushed({ admin, image, controller }: World, repository: string): Promise<void> {
  const answer = await admin.send("GET", `/v2/${repository}/manifests/1`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("docker-content-digest"), image.digest);
  const pushed = [...controller.ledger.events()].filter(({ type }) => type === "manifest.pushed");
  const mine = pushed.find(({ data }) => data.repository === repository);
  assert.deepEqual([mine?.actor, mine?.data.digest], ["workload:ci", image.digest]);
}

const user = ["--username", "ci", "--password-stdin"];

test("crane pushes and pulls", async (t) => {
  if (lacks(t, "crane")) return;
  const world = await makeWorld(t);
  const { folder, host, token, reference, image, layout } = world;
  const crane = (args: readonly string[], input?: string) =>
    run("crane", args, { folder, ...(input === undefined ? {} : { input }) });
  await assert.rejects(crane(["push", layout.folder, reference]), "without a token");
  await crane(["auth", "login", host, ...user], token);
  await crane(["push", layout.folder, reference]);
  await assertPushed(world, "shop/web");
  assert.equal((await crane(["digest", reference])).trim(), image.digest);
  await crane(["pull", "--format=oci", reference, join(folder, "pulled")]);
  assert.ok(openLayout(join(folder, "pulled")).hasBlob(image.digest));
  await crane(["copy", reference, `${host}/crane/copy:1`]);
  await assertPushed(world, "crane/copy");
  assert.equal((await crane(["ls", `${host}/crane/copy`])).trim(), "1");
  assert.deepEqual((await crane(["catalog", host])).trim().split("\n"), ["crane/copy", "shop/web"]);
});

test("a client shows why a pull is not permitted, and what to do", async (t) => {
  if (lacks(t, "crane")) return;
  const world = await makeWorld(t);
  const { folder, host, token, reference, layout, controller, enter } = world;
  const crane = (args: readonly string[], input?: string) =>
    run("crane", args, { folder, ...(input === undefined ? {} : { input }) });
  await crane(["auth", "login", host, ...user], token);
  await crane(["push", layout.folder, reference]);
  await record(controller, strictEnvironment("production"));
  await crane(["auth", "login", host, ...user], await enter("workload:host-1", ["host"], "production"));
  await assert.rejects(crane(["manifest", reference]), (error: Error & { details: readonly string[] }) => {
    assert.match(error.details.join("\n"), /DENIED: workload:host-1 may not pull .*signed: no signature.*Next: ingot /);
    return true;
  });
});

test("skopeo pushes and pulls", async (t) => {
  if (lacks(t, "skopeo")) return;
  const world = await makeWorld(t);
  const { folder, host, token, image, layout } = world;
  const authfile = ["--authfile", join(folder, "auth.json")];
  await run("skopeo", ["login", "--tls-verify=false", ...authfile, ...user, host], { folder, input: token });
  const there = `docker://${host}/skopeo/web:1`;
  const insecure = ["--insecure-policy", "copy"];
  await run("skopeo", [...insecure, "--dest-tls-verify=false", ...authfile, `oci:${layout.folder}:web`, there], {
    folder,
  });
  await assertPushed(world, "skopeo/web");
  const back = join(folder, "pulled");
  await run("skopeo", [...insecure, "--src-tls-verify=false", ...authfile, there, `oci:${back}:web`], { folder });
  assert.equal(openLayout(back).resolveReference("web").digest, image.digest);
  const tags = await run("skopeo", ["list-tags", "--tls-verify=false", ...authfile, `docker://${host}/skopeo/web`], {
    folder,
  });
  assert.deepEqual((JSON.parse(tags) as { Tags: string[] }).Tags, ["1"]);
  await assert.rejects(
    run("skopeo", ["delete", "--tls-verify=false", ...authfile, there], { folder }),
    "a builder deletes nothing",
  );
});

test("oras pushes, attaches, discovers and pulls", async (t) => {
  if (lacks(t, "oras")) return;
  const world = await makeWorld(t);
  const { folder, host, token } = world;
  const plain = ["--plain-http", "--registry-config", join(folder, "oras.json")];
  const oras = (args: readonly string[], input?: string) =>
    run("oras", args, { folder, ...(input === undefined ? {} : { input }) });
  await oras(["login", ...plain, ...user, host], token);
  writeFileSync(join(folder, "note.txt"), "a note");
  const there = `${host}/oras/note:1`;
  const file = `${join(folder, "note.txt")}:text/plain`;
  const paths = "--disable-path-validation";
  await oras(["push", ...plain, paths, "--artifact-type", "application/vnd.example.note", there, file]);
  await oras(["attach", ...plain, paths, "--artifact-type", "application/vnd.example.more", there, file]);
  const found = JSON.parse(await oras(["discover", ...plain, "--format", "json", there])) as {
    referrers: readonly { artifactType: string }[];
  };
  assert.deepEqual(
    found.referrers.map(({ artifactType }) => artifactType),
    ["application/vnd.example.more"],
  );
  rmSync(join(folder, "note.txt"));
  await oras(["pull", ...plain, "--allow-path-traversal", "--output", folder, there]);
  assert.equal(readFileSync(join(folder, "note.txt"), "utf8"), "a note");
});

test("podman pulls and pushes", async (t) => {
  if (lacks(t, "podman", "skopeo")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: a container engine");
  const world = await makeWorld(t);
  const { folder, host, token, layout, controller } = world;
  const state = [`--root=${join(folder, "podman")}`, `--runroot=${join(folder, "run")}`, "--storage-driver=vfs"];
  const authfile = ["--authfile", join(folder, "auth.json"), "--tls-verify=false"];
  const podman = (args: readonly string[], input?: string) =>
    run("podman", [...state, ...args], { folder, ...(input === undefined ? {} : { input }) });
  await podman(["login", ...authfile, ...user, host], token);
  await podman(["pull", "-q", ...authfile, `oci:${layout.folder}:web`]);
  const [id = ""] = (await podman(["images", "-q", "--no-trunc"])).trim().split("\n");
  await podman(["push", "-q", ...authfile, id, `${host}/podman/web:1`]);
  const pushed = [...controller.ledger.events()].find(({ type }) => type === "manifest.pushed");
  assert.deepEqual([pushed?.actor, pushed?.data.repository], ["workload:ci", "podman/web"]);
  await podman(["rmi", "--force", id]);
  await podman(["pull", "-q", ...authfile, `${host}/podman/web:1`]);
  assert.equal((await podman(["images", "-q", "--no-trunc"])).trim(), id);
});

test("docker pulls and pushes", async (t) => {
  if (lacks(t, "dockerd", "docker", "crane")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: dockerd");
  const world = await makeWorld(t);
  const { folder, host, token, reference, layout, admin } = world;
  await run("crane", ["auth", "login", host, ...user], { folder, input: token });
  await run("crane", ["push", layout.folder, reference], { folder });
  const state = join(folder, "docker");
  const dockerd = await startDockerd(state);
  world.daemons.push(dockerd);
  const config = join(folder, "config");
  await assert.rejects(dockerd.docker("--config", config, "pull", reference), "without a token");
  const server = ["-H", `unix://${join(state, "docker.sock")}`, "--config", config];
  await run("docker", [...server, "login", ...user, host], { folder, input: token });
  await dockerd.docker("--config", config, "pull", "--quiet", reference);
  await dockerd.docker("tag", reference, `${host}/docker/web:1`);
  await dockerd.docker("--config", config, "push", "--quiet", `${host}/docker/web:1`);
  const answer = await admin.send("GET", "/v2/docker/web/manifests/1");
  assert.match(
    answer.headers.get("content-type") ?? "",
    /^application\/vnd\.docker\.distribution\.manifest\.v2\+json$/,
  );
  await dockerd.docker("rmi", `${host}/docker/web:1`, reference);
  await dockerd.docker("--config", config, "pull", "--quiet", `${host}/docker/web:1`);
});

test("containerd pulls and pushes", async (t) => {
  if (lacks(t, "containerd", "ctr", "crane")) return;
  if (process.getuid?.() !== 0) return t.skip("needs root: containerd");
  const world = await makeWorld(t);
  const { folder, host, token, reference, layout, image } = world;
  await run("crane", ["auth", "login", host, ...user], { folder, input: token });
  await run("crane", ["push", layout.folder, reference], { folder });
  const containerd = await startContainerd(join(folder, "c"));
  world.daemons.push(containerd);
  const access = ["--plain-http", "--user", `ci:${token}`];
  await assert.rejects(containerd.ctr("images", "pull", "--plain-http", reference), "without a token");
  await containerd.ctr("images", "pull", "--snapshotter", "native", ...access, reference);
  assert.match(await containerd.ctr("images", "ls"), new RegExp(image.digest));
  const there = `${host}/containerd/web:1`;
  await containerd.ctr("images", "tag", reference, there);
  await containerd.ctr("images", "push", ...access, there);
  await assertPushed(world, "containerd/web");
});
