import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIndex, nameAndVersion, written } from "./index.fixture.ts";
import { resolvePackages, type ResolveRequest } from "./resolve.ts";

const archive = makeIndex(`
  # stable
  base 1
  lib 1
  dev 1; Depends: lib (= 1)
  app 1; Depends: lib, base
  # security
  lib 2
  dev 2; Depends: lib (= 2)
  new 1; Depends: lib (>= 2)
  enemy 1; Conflicts: base
  fixer 1; Breaks: lib (<< 2)
  app 2; Depends: lib, base; Recommends: extra
  extra 1
  tool 1; Depends: extra | base
`);

const base = ["base", "lib", "dev"].flatMap((name) => archive.candidates(name).findLast(() => true) ?? []);

function resolve(packages: readonly string[], request: Partial<ResolveRequest> = {}) {
  return resolvePackages(archive, { packages, essential: false, recommends: false, ...request });
}

test("what a base image has is not touched, even where a newer version is there", () => {
  const resolution = resolve(["app"], { installed: base });
  assert.deepEqual(written(resolution), ["app=2"]);
  assert.deepEqual(resolution.kept.map(nameAndVersion), ["base=1", "dev=1", "lib=1"]);
});

test("an installed alternative is taken before the left-most one", () => {
  assert.deepEqual(written(resolve(["tool"], { installed: base })), ["tool=1"]);
});

test("an installed package is updated where something needs it, with all that goes with it", () => {
  const resolution = resolve(["new"], { installed: base });
  assert.deepEqual(written(resolution), ["dev=2", "lib=2", "new=1"]);
  assert.deepEqual(resolution.kept.map(nameAndVersion), ["base=1"]);
});

test("an installed package is updated where its version would break", () => {
  assert.deepEqual(written(resolve(["fixer"], { installed: base })), ["dev=2", "fixer=1", "lib=2"]);
});

test("an installed package that is asked for is updated, as by apt install", () => {
  assert.deepEqual(written(resolve(["lib"], { installed: base })), ["dev=2", "lib=2"]);
});

test("an installed package is never removed", () => {
  assert.throws(() => resolve(["enemy"], { installed: base }), {
    code: "packages-conflict",
    message: "enemy conflicts with base: enemy (requested), and base (installed in the base image)",
  });
});

const pins = new Map([
  ["app", "1"],
  ["lib", "1"],
  ["base", "1"],
]);

test("pinned packages stay, also in an older version than the newest", () => {
  const resolution = resolve(["app"], { pins, recommends: true });
  assert.deepEqual(written(resolution), ["app=1", "base=1", "lib=1"]);
  assert.deepEqual(resolution.moved, []);
});

test("a package that is not pinned is updated, and moves no other", () => {
  const others = new Map([...pins].filter(([name]) => name !== "app"));
  const resolution = resolve(["app"], { pins: others });
  assert.deepEqual(written(resolution), ["app=2", "base=1", "lib=1"]);
  assert.deepEqual(resolution.moved, []);
});

test("a pin moves where a new package needs it, and the reason is told", () => {
  const resolution = resolve(["app", "new"], { pins });
  assert.deepEqual(written(resolution), ["app=1", "base=1", "lib=2", "new=1"]);
  assert.deepEqual(resolution.moved, [{ name: "lib", from: "1", to: "2", because: "new 1 depends on lib (>= 2)" }]);
});

test("what was pinned to another pin moves with it", () => {
  const resolution = resolve(["dev", "new"], { pins: new Map([...pins, ["dev", "1"]]) });
  assert.deepEqual(written(resolution), ["dev=2", "lib=2", "new=1"]);
  assert.deepEqual(resolution.moved, [
    { name: "dev", from: "1", to: "2", because: "dev 1 depends on lib (= 1)" },
    { name: "lib", from: "1", to: "2", because: "dev 2 depends on lib (= 2)" },
  ]);
});

test("a version that the archive dropped stays when the lock knows it, and moves when nobody does", () => {
  const dropped = new Map([["lib", "0.9"]]);
  const [lib] = archive.candidates("lib");
  assert.ok(lib);
  const kept = resolve(["lib"], { pins: dropped, extra: [{ ...lib, version: "0.9" }] });
  assert.deepEqual([written(kept), kept.moved], [["lib=0.9"], []]);
  const moved = resolve(["lib"], { pins: dropped });
  assert.deepEqual(written(moved), ["lib=2"]);
  assert.deepEqual(moved.moved, [
    { name: "lib", from: "0.9", to: "2", because: "version 0.9 is no longer in the archive" },
  ]);
});

test("a pinned provider is kept although another one is now preferred", () => {
  const index = makeIndex("a 1; Depends: mail\n x 1; Provides: mail\n y 1; Provides: mail; Priority: required");
  const request = { packages: ["a"], essential: false, recommends: false };
  assert.deepEqual(written(resolvePackages(index, request)), ["a=1", "y=1"]);
  const locked = new Map([
    ["a", "1"],
    ["x", "1"],
  ]);
  assert.deepEqual(written(resolvePackages(index, { ...request, pins: locked })), ["a=1", "x=1"]);
});

test("what a pinned package recommends brings nothing new into a lock", () => {
  const all = new Map([...pins, ["app", "2"]]);
  assert.deepEqual(written(resolve(["app"], { pins: all, recommends: true })), ["app=2", "base=1", "lib=1"]);
  const withExtra = new Map([...all, ["extra", "1"]]);
  assert.ok(written(resolve(["app"], { pins: withExtra, recommends: true })).includes("extra=1"));
});
