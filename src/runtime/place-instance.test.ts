import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Digest } from "../oci/digest.ts";
import { runtimePaths } from "./paths.ts";
import { placeInstance } from "./place-instance.ts";
import type { InstanceId, InstanceSpec } from "./runtime.ts";

function place(t: TestContext, fields: Partial<InstanceSpec>) {
  const content = mkdtempSync(join(tmpdir(), "ingot-place-"));
  t.after(() => rmSync(content, { recursive: true, force: true }));
  for (const folder of ["run", "var", "proc", "srv/www"]) mkdirSync(join(content, folder), { recursive: true });
  symlinkSync("/run", join(content, "var/run"));
  symlinkSync("/proc/self/fd/8", join(content, "srv/link"));
  const spec: InstanceSpec = {
    id: "web" as InstanceId,
    image: `sha256:${"a".repeat(64)}` as Digest,
    command: ["true"],
    environment: {},
    workdir: "/",
    user: { uid: 33, gid: 33 },
    writable: [{ path: "/run", size: 8192 }],
    limits: { memory: 1 << 24, pids: 8, cpus: 1 },
    ...fields,
  };
  return placeInstance(spec, { content, paths: runtimePaths(content), firstId: 1_000_000 });
}

test("an instance starts in a folder of its image or of a tmpfs, and nowhere else", (t) => {
  for (const workdir of ["/", "/srv/www", "/srv/www/", "/var/run", "/run/new"]) assert.ok(place(t, { workdir }));
  for (const workdir of ["/proc/self/fd/8", "/srv/link", "/missing", "srv", "/srv/../../x", "/run/../proc/self/fd/8"]) {
    assert.throws(() => place(t, { workdir }), { code: "image-not-runnable" }, workdir);
  }
});

test("two writable paths that are one folder are refused", (t) => {
  const writable = ["/run", "/var/run"].map((path) => ({ path, size: 8192 }));
  assert.throws(() => place(t, { writable }), { code: "image-not-runnable", message: /\/run writable more than once/ });
});

test("a file of the configuration goes over a file of the image or below a writable folder, where its links lead, and nowhere else", (t) => {
  const file = (path: string) => place(t, { files: [{ path, content: "" }] }).files.map((placed) => placed.path);
  assert.deepEqual(file("/run/new/file"), ["/run/new/file"]);
  assert.deepEqual(file("/var/run/new"), ["/run/new"]);
  for (const path of [
    "/missing",
    "/srv/www",
    "/run",
    "/srv/link",
    "/proc/self/mem",
    "/etc/../run/x",
    "/run//x",
    "run/x",
    "/etc/hosts",
    "/",
  ]) {
    assert.throws(() => file(path), { code: "file-not-mountable" }, path);
  }
  for (const paths of [
    ["/run/x", "/var/run/x"],
    ["/run/x", "/run/x/y"],
  ]) {
    const files = paths.map((path) => ({ path, content: "" }));
    assert.throws(() => place(t, { files }), { code: "file-not-mountable" }, String(paths));
  }
});
