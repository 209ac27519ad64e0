import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIndex, written } from "./index.fixture.ts";
import { resolvePackages, type ResolveRequest } from "./resolve.ts";

function resolve(lines: string, request: Partial<ResolveRequest> = {}) {
  return resolvePackages(makeIndex(lines), { packages: ["a"], essential: false, recommends: false, ...request });
}

function names(lines: string, request: Partial<ResolveRequest> = {}): string {
  return resolve(lines, request)
    .packages.map(({ name }) => name)
    .join(" ");
}

test("dependencies are followed, Recommends only when asked", () => {
  const lines = "a 1; Depends: b; Recommends: r\n b 1; Pre-Depends: c\n c 1\n r 1\n other 1";
  assert.equal(names(lines), "a b c");
  assert.equal(names(lines, { recommends: true }), "a b c r");
});

test("the Essential packages come when asked for", () => {
  assert.equal(names("a 1\n e 1; Essential: yes; Depends: f\n f 1", { essential: true }), "a e f");
});

test("the newest version is taken, from whichever suite", () => {
  assert.deepEqual(written(resolve("# stable\n a 1\n # security\n a 1.1\n # updates\n a 1.0.1")), ["a=1.1"]);
});

test("the left-most alternative is taken, an already chosen one first", () => {
  assert.equal(names("a 1; Depends: b | c\n b 1\n c 1"), "a b");
  assert.equal(names("a 1; Depends: c, b | c\n b 1\n c 1"), "a c");
  assert.equal(names("a 1; Depends: none | c\n c 1"), "a c");
});

test("the real package is taken before its providers", () => {
  assert.equal(names("a 1; Depends: mail\n x 1; Provides: mail; Priority: required\n mail 1"), "a mail");
});

test("among providers an Essential one, then the higher priority, then the last mentioned is taken", () => {
  const providers = (x: string, y: string) =>
    names(`a 1; Depends: mail\n x 1; Provides: mail; ${x}\n y 1; Provides: mail; ${y}`);
  assert.equal(providers("Essential: yes", "Priority: required"), "a x");
  assert.equal(providers("Priority: standard", "Priority: optional"), "a x");
  assert.equal(providers("Priority: optional", "Priority: optional"), "a y");
});

test("an unversioned provision never fulfils a versioned dependency, a versioned one does", () => {
  assert.equal(
    names("a 1; Depends: api (>= 2)\n x 1; Provides: api\n y 1; Provides: api (= 2)\n z 1; Provides: api (= 1)"),
    "a y",
  );
  assert.throws(() => resolve("a 1; Depends: api (>= 2)\n x 1; Provides: api"), { code: "packages-unsatisfiable" });
});

test("name:any is fulfilled by a package that allows it, and by no other", () => {
  assert.equal(names("a 1; Depends: py:any\n py 1; Multi-Arch: allowed"), "a py");
  assert.throws(() => resolve("a 1; Depends: py:any\n py 1; Multi-Arch: foreign"), { code: "packages-unsatisfiable" });
});

test("another architecture is never installed", () => {
  assert.equal(names("a 1; Depends: b:amd64\n b 1"), "a b");
  assert.equal(names("a 1; Depends: b:i386 | c\n b 1\n c 1"), "a c");
});

test("a virtual name with one provider may be asked for", () => {
  const { packages, why } = resolve("x 1; Provides: mail", { packages: ["mail"] });
  assert.deepEqual(
    packages.map(({ name }) => name),
    ["x"],
  );
  assert.deepEqual(why.get("x"), { kind: "requested", as: "mail" });
});

test("an exact version may be asked for", () => {
  const lines = "# stable\n a 1; Depends: b (= 1)\n b 1\n # security\n a 2\n";
  assert.deepEqual(written(resolve(lines, { packages: ["a=1"] })), ["a=1", "b=1"]);
});

test("each package knows the shortest way to what was asked for", () => {
  const { why } = resolve("a 1; Depends: b\n b 1; Depends: c | d\n c 1; Depends: b\n d 1");
  assert.deepEqual(why.get("a"), { kind: "requested" });
  assert.deepEqual(why.get("c"), {
    kind: "dependency",
    of: "b",
    field: "Depends",
    dependency: [{ name: "c" }, { name: "d" }],
  });
});

for (const field of ["Conflicts", "Breaks"])
  test(`where ${field} forbid the left-most alternative, the next one is found`, () => {
    assert.equal(names(`a 1; Depends: b | c, d\n b 1\n c 1\n d 1; ${field}: b`), "a c d");
    const deep = `a 1; Depends: b | c, d\n b 1; Depends: e\n c 1\n d 1; Depends: f\n f 1; ${field}: e (<< 2)\n e 1`;
    assert.equal(names(deep), "a c d f");
  });

test("a recommended package gives way to what is needed", () => {
  const lines = "a 1; Recommends: r; Depends: b\n r 1\n b 1; Conflicts: r";
  assert.equal(names(lines, { recommends: true }), "a b");
  const late = "a 1; Recommends: r; Depends: z\n r 1; Depends: s\n s 1; Conflicts: z\n z 1";
  assert.equal(names(late, { recommends: true }), "a z");
});

test("a package may conflict with what it provides itself", () => {
  assert.equal(names("a 1; Provides: mail; Conflicts: mail, a"), "a");
});

test("leftovers of an attempt that was given up are not installed", () => {
  assert.equal(names("a 1; Depends: b | c\n b 1; Depends: left, gone\n left 1\n c 1"), "a c");
});

test("what was requested is followed in the order in which it is written, Essential packages first", () => {
  const lines = "a 1; Depends: x | y\n b 1; Depends: y | x\n x 1; Conflicts: y\n y 1; Conflicts: x\n e 1; Depends: y";
  assert.equal(names(lines, { packages: ["a", "b"] }), "a b x");
  assert.equal(names(lines, { packages: ["b", "a"] }), "a b y");
  const essential = lines.replace("e 1;", "e 1; Essential: yes;");
  assert.equal(names(essential, { packages: ["a", "b"], essential: true }), "a b e y");
});
