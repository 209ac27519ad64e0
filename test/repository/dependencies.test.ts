import assert from "node:assert/strict";
import { test } from "node:test";
import { newerLibraries, newerPackages } from "../../scripts/newer-tools.ts";
import { listImports, packageOf } from "./imports.ts";
import { isTestFile, readText } from "./repository-files.ts";

type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
type Lock = { readonly packages: Readonly<Record<string, Manifest & { readonly resolved?: string }>> };

const manifest = JSON.parse(readText("package.json")) as Manifest;
const page = readText("docs/dependencies.md");

test("docs/dependencies.md lists exactly the run-time dependencies of package.json, each with why, weight and way out", () => {
  assert.deepEqual(tableBelow("## At run time"), Object.keys(manifest.dependencies).toSorted());
});

test("docs/dependencies.md lists exactly the development dependencies of package.json", () => {
  assert.deepEqual(tableBelow("## For development"), Object.keys(manifest.devDependencies).toSorted());
});

test("the program imports only packages that package.json has as run-time dependencies, and each of those is used", () => {
  const files = listImports("src").filter((one) => !isTestFile(one.file));
  const used = new Set(files.flatMap((one) => packageOf(one.specifier) ?? []));
  assert.deepEqual([...used].toSorted(), Object.keys(manifest.dependencies).toSorted());
});

test("the lock files agree with package.json and name no registry", () => {
  const lock = JSON.parse(readText("package-lock.json")) as Lock;
  assert.deepEqual(lock.packages[""]?.dependencies, manifest.dependencies);
  assert.deepEqual(lock.packages[""].devDependencies, manifest.devDependencies);
  for (const path of ["package-lock.json", "scripts/node/package-lock.json"]) {
    const { packages } = JSON.parse(readText(path)) as Lock;
    const named = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined);
    assert.deepEqual(named, [], path);
  }
});

test("every Debian package that set-up installs is in docs/dependencies.md, and no other", () => {
  const tables = readText("scripts/setup").matchAll(/^([a-z0-9][a-z0-9.+-]+)\|[^|\n]+\|[^|\n]+$/gm);
  const installed = [...tables].map((match) => match[1] ?? "").toSorted();
  assert.deepEqual(tableBelow("## From Debian"), installed);
});

test("every program and library of Debian's newer suites that set-up fetches is in docs/dependencies.md, and no other", () => {
  assert.deepEqual(tableBelow("## From Debian's newer suites"), [...newerPackages, ...newerLibraries].toSorted());
  // The shell looks for them without starting Node.
  assert.match(readText("scripts/setup"), new RegExp(`for tool in ${newerPackages.join(" ")};`));
});

/** The names of the table that follows a heading; fails when a cell of it is empty. */
function tableBelow(heading: string): readonly string[] {
  const section = page.split(`${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `([^`]+)` \|(.+)\|$/gm)];
  for (const [, name, cells] of rows)
    assert.ok(!cells?.split("|").some((cell) => cell.trim() === ""), `${name} lacks a cell`);
  return rows.map((row) => row[1] ?? "").toSorted();
}
