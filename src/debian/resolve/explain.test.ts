import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { makeIndex } from "./index.fixture.ts";
import { resolvePackages } from "./resolve.ts";

function failureOf(lines: string, packages: readonly string[]): IngotError {
  try {
    resolvePackages(makeIndex(lines), { packages, essential: false, recommends: false });
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
  throw new Error("it was resolved");
}

test("a missing version is told with the way to it and with what there is", () => {
  const error = failureOf("# bookworm\n web 1; Depends: lib\n lib 1; Depends: deep (>= 2), fine\n fine 1\n deep 1.1", [
    "web",
  ]);
  assert.equal(error.code, "packages-unsatisfiable");
  assert.equal(
    error.message,
    "lib, wanted by web (requested) depends on deep (>= 2), but the archive has only deep 1.1 (bookworm)",
  );
});

test("a missing package, and a provision without the version, are told apart", () => {
  assert.match(
    failureOf("web 1; Depends: gone | lost", ["web"]).message,
    /^web \(requested\) depends on gone \| lost, but the archive has no gone and no lost$/,
  );
  assert.match(
    failureOf("web 1; Depends: api (>= 2)\n x 1; Provides: api", ["web"]).message,
    /the archive has api only as provided, in no version that fits, by x$/,
  );
});

test("every dead end of all alternatives is told", () => {
  const error = failureOf("web 1; Depends: x | y\n x 1; Depends: gone\n y 1; Pre-Depends: lost", ["web"]);
  assert.deepEqual([error.message, ...error.details].toSorted(), [
    "x, wanted by web (requested) depends on gone, but the archive has no gone",
    "y, wanted by web (requested) pre-depends on lost, but the archive has no lost",
  ]);
});

test("a conflict names both sides and who wants them", () => {
  const error = failureOf("one 1; Depends: a\n two 1; Depends: b\n a 1; Conflicts: b\n b 1", ["one", "two"]);
  assert.equal(error.code, "packages-conflict");
  assert.equal(error.message, "a conflicts with b: a, wanted by one (requested), and b, wanted by two (requested)");
});

test("a conflict by a provided name, and Breaks, are told as such", () => {
  const error = failureOf("a 1; Conflicts: mail; Provides: mail\n b 1; Provides: mail", ["a", "b"]);
  assert.equal(error.message, "a conflicts with mail, which b provides: a (requested), and b (requested)");
  assert.match(failureOf("a 1; Breaks: b (<< 2)\n b 1", ["a", "b"]).message, /^a breaks b \(<< 2\): /);
});

test("independent failures are told at once", () => {
  const error = failureOf("a 1; Depends: gone\n b 1; Depends: lost\n c 1", ["a", "b", "c"]);
  assert.equal(error.details.length, 1);
  assert.match([error.message, ...error.details].join("\n"), /no gone[^]*no lost/);
});

test("unknown names come with the nearest ones, all at once", () => {
  const error = failureOf("nginx 1\n nginx-light 1", ["ngnix", "nginx-lite", "nginx=3"]);
  assert.equal(error.code, "package-unknown");
  assert.deepEqual(error.details, [
    "there is no package ngnix in stable; did you mean nginx?",
    "there is no package nginx-lite in stable; did you mean nginx-light?",
    "nginx has no version 3: there is 1 (stable)",
  ]);
});

test("a virtual name with several providers asks to choose", () => {
  const error = failureOf("x 1; Provides: mail\n y 1; Provides: mail", ["mail"]);
  assert.equal(error.code, "package-unknown");
  assert.equal(error.message, "mail is a virtual package: write one of x, y");
});
