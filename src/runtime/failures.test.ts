import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { processContext } from "../ground/context.ts";
import { tarEntry } from "../oci/tar/tar-entry.fixture.ts";
import { mountContentFile } from "./content/content-mount.ts";
import { contentTree } from "./content/content-tree.ts";
import { callCni } from "./network/cni.ts";
import { runtimePaths } from "./paths.ts";
import { runcRuntime } from "./runc/runc-driver.ts";
import type { InstanceId } from "./runtime.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : "needs root";

function makeFolder(t: { after: (work: () => void) => void }): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-runtime-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a module's text in a Node of its own behind a command such as `unshare`, and returns what it printed. */
function runBehind(command: readonly string[], script: string): string {
  const [program = "", ...args] = command;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  return execFileSync(program, [...args, ...node], { encoding: "utf8" }).trim();
}

const printCode = (work: string) =>
  `try { ${work}; console.log("no error") } catch (error) { console.log(error.code) }`;
const importOf = (path: string) => `await import(${JSON.stringify(join(import.meta.dirname, path))})`;

test("a content that is no EROFS is not mounted, and told as such", { skip: needsRoot }, async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "file"), Buffer.alloc(8192));
  mkdirSync(join(folder, "target"));
  await assert.rejects(mountContentFile(join(folder, "file"), join(folder, "target")), {
    code: "content-not-mountable",
  });
});

test("a hard link without its file, and a file in the place of a folder, make an image unusable", () => {
  const merged = (...entries: ReturnType<typeof tarEntry>[]) =>
    new Map(entries.map((header) => [header.path, { header, layer: 0, offset: 0 }] as const));
  const store = () => ({ kind: "inline", bytes: Buffer.alloc(0) }) as const;
  const link = tarEntry({ path: "a", type: "hardlink", linkname: "gone" });
  assert.throws(() => contentTree(merged(link), store), { code: "layer-invalid", message: /hard link to gone/ });
  const below = merged(tarEntry({ path: "a", content: "" }), tarEntry({ path: "a/b", content: "" }));
  assert.throws(() => contentTree(below, store), { code: "layer-invalid", message: /not a folder/ });
});

test("a CNI plugin that refuses is told with its name and its words", async (t) => {
  if (spawnSync("/usr/lib/cni/loopback").error) return t.skip("needs containernetworking-plugins: not installed");
  const call = callCni(processContext(), {
    command: "ADD",
    containerId: "web-1",
    networkNamespace: "/nonexistent/namespace",
    config: { cniVersion: "0.4.0", name: "test", type: "loopback" },
  });
  await assert.rejects(call, { code: "network-failed", message: /loopback failed at ADD for web-1: .*nonexistent/ });
});

test("a network that a route of the host overlaps is not given to instances", { skip: needsRoot }, (t) => {
  if (spawnSync("ip", ["-V"]).error) return t.skip("needs iproute2: not installed");
  const routed =
    'ip link add routed0 type bridge && ip addr add 192.168.213.1/25 dev routed0 && ip link set routed0 up && exec "$@"';
  const script = `const { chooseSubnet } = ${importOf("network/subnet.ts")};
    ${printCode('chooseSubnet({ env: { INGOT_SUBNET: "192.168.213.0/24" } })')}
    ${printCode('console.log(chooseSubnet({ env: { INGOT_SUBNET: "192.168.214.0/24" } }))')}`;
  const printed = runBehind(["unshare", "--net", "sh", "-c", routed, "sh"], script);
  assert.equal(printed, "network-no-subnet\n192.168.214.0/24\nno error");
});

test("stopping what does not exist is an error that names it, and leaves nothing", { skip: needsRoot }, async (t) => {
  const home = makeFolder(t);
  const { run, instanceLock } = runtimePaths(home);
  t.after(() => rmSync(run, { recursive: true, force: true }));
  const nobody = "nobody" as InstanceId;
  await assert.rejects(runcRuntime(processContext({ home })).stop(nobody), {
    code: "instance-unknown",
    message: /nobody/,
  });
  assert.equal(existsSync(instanceLock(nobody)), false);
});

test("an ordinary user is told that instances need root", { skip: needsRoot }, (t) => {
  const home = makeFolder(t);
  const script = `const { processContext } = ${importOf("../ground/context.ts")};
    const { runcRuntime } = ${importOf("runc/runc-driver.ts")};
    const runtime = runcRuntime(processContext({ home: ${JSON.stringify(home)} }));
    ${printCode('await runtime.stop("web-1")')}`;
  // The same files are still readable: only the number that the process sees of itself is another.
  assert.equal(runBehind(["unshare", "--user", "--map-user=1000"], script), "runtime-unsupported");
});
