import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { processContext } from "../ground/context.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { readInside, resolveInside } from "./content/look-inside.ts";
import type { ImageSource } from "./content/image-source.ts";
import { instanceSpec, newInstanceId } from "./image-instance.ts";
import { parseMountEntry } from "./mount-table.ts";
import { chooseSubnet, isFree } from "./network/subnet.ts";
import { isInstanceId } from "./runtime.ts";
import { writableOf } from "./writable.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;
const ctx = processContext({ env: {} });

function image(config: NonNullable<ImageConfig["config"]>): ImageSource {
  const whole = { architecture: "amd64", os: "linux", config, rootfs: { type: "layers" as const, diff_ids: [] } };
  return { digest, config: whole, layers: [], mountpoints: { folders: [], files: [] } } as unknown as ImageSource;
}

test("links of an image are followed inside of it, never out of it", (t) => {
  const outside = mkdtempSync(join(tmpdir(), "ingot-inside-"));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  const root = join(outside, "root");
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(outside, "secret"), "the host's");
  writeFileSync(join(root, "etc/real"), "the image's");
  symlinkSync(`${outside}/secret`, join(root, "etc/absolute"));
  symlinkSync("../../../../secret", join(root, "etc/upward"));
  symlinkSync("/etc/real", join(root, "etc/inside"));
  symlinkSync("loop", join(root, "etc/loop"));
  assert.equal(readInside(root, "/etc/absolute"), undefined);
  assert.equal(readInside(root, "/etc/upward"), undefined);
  assert.equal(readInside(root, "/etc/inside"), "the image's");
  assert.equal(resolveInside(root, "/etc/loop"), undefined);
  assert.equal(resolveInside(root, "/etc/../../etc/real"), "/etc/real");
});

test("the command is the entrypoint and its arguments, unless one is given", async () => {
  const source = image({
    Entrypoint: ["/entry"],
    Cmd: ["argument"],
    User: "5:6",
    ExposedPorts: { "9000/udp": {}, "8080/tcp": {}, "443": {} },
  });
  const spec = await instanceSpec(ctx, source);
  assert.deepEqual(spec.command, ["/entry", "argument"]);
  assert.deepEqual(spec.user, { uid: 5, gid: 6 });
  assert.equal(spec.port, 443);
  assert.deepEqual((await instanceSpec(ctx, source, { command: ["sh"] })).command, ["sh"]);
});

test("an image without a command is refused", async () => {
  await assert.rejects(instanceSpec(ctx, image({})), { code: "image-not-runnable" });
});

test("an image that wants an id which an instance does not have is refused", async () => {
  for (const User of ["70000:1", "1:65536", "99999999999999999999:1"]) {
    await assert.rejects(instanceSpec(ctx, image({ Cmd: ["x"], User })), { code: "image-not-runnable" }, User);
  }
});

test("memory limits are whole pages, which is all that the kernel keeps", async () => {
  const spec = await instanceSpec(ctx, image({ Cmd: ["x"] }), { limits: { memory: 100_000_000 } });
  assert.equal(spec.limits.memory % 4096, 0);
});

test("the writable folders of an image are those of its label, and only /tmp and /run where it has none", () => {
  const labelled = (label: string) => image({ Labels: { "dev.ingot.writable": label } }).config;
  assert.deepEqual(writableOf(digest, labelled('[{"path":"/var/x","size":8192}]')), [{ path: "/var/x", size: 8192 }]);
  assert.deepEqual(writableOf(digest, labelled("[]")), []);
  assert.deepEqual(
    writableOf(digest, image({}).config).map(({ path }) => path),
    ["/tmp", "/run"],
  );
});

test("a writable folder over what the profile protects is refused", () => {
  for (const path of ["/proc/sys", "/proc", "/sys", "/dev", "/dev/shm", "/x/../proc", "relative", "/", "//proc"]) {
    const config = image({ Labels: { "dev.ingot.writable": JSON.stringify([{ path, size: 4096 }]) } }).config;
    assert.throws(() => writableOf(digest, config), { code: "image-not-runnable" }, path);
  }
  const config = image({ Labels: { "dev.ingot.writable": "{" } }).config;
  assert.throws(() => writableOf(digest, config), { code: "image-not-runnable" });
});

test("an instance's id is a host name and no option or path", () => {
  for (const id of ["", "-x", "x-", "../x", "A", "a b", "a".repeat(49), "a/b"])
    assert.equal(isInstanceId(id), false, id);
  assert.match(newInstanceId(ctx, "registry.test:5000/shop/Web_1:v2"), /^[a-z0-9-]+$/);
  assert.match(newInstanceId(ctx, "shop/web"), /^web-[0-9a-f]{8}$/);
  assert.match(newInstanceId(ctx, undefined), /^instance-[0-9a-f]{8}$/);
});

test("a network that overlaps with a route is not chosen", () => {
  const route = { first: 0x0ad50000, mask: 0xffff0000 };
  assert.equal(isFree("10.213.0.0/16", [route]), false);
  assert.equal(isFree("10.213.4.0/24", [route]), false);
  assert.equal(isFree("10.0.0.0/8", [route]), false);
  assert.equal(isFree("10.214.0.0/16", [route]), true);
});

test("an INGOT_SUBNET that is no network is a mistake of usage", () => {
  for (const INGOT_SUBNET of ["10.0.0.0", "10.0.0.0/33", "300.0.0.0/16", "x", "10.0.0.0/31"]) {
    assert.throws(() => chooseSubnet({ env: { INGOT_SUBNET } }), { code: "usage" }, INGOT_SUBNET);
  }
});

test("a mount's line is read with its escapes", () => {
  const line = String.raw`36 35 98:0 /mnt1 /mnt\0402 ro,noatime shared:1 - ext4 /dev/root\134x rw,errors=continue`;
  assert.deepEqual(parseMountEntry(line), {
    id: 36,
    device: "98:0",
    root: "/mnt1",
    target: "/mnt 2",
    options: ["ro", "noatime"],
    type: "ext4",
    source: String.raw`/dev/root\x`,
    superOptions: ["rw", "errors=continue"],
  });
});
