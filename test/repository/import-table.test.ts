import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { listImports, roomOf, type Import } from "./imports.ts";
import { isTestFile, listFiles, readText, root } from "./repository-files.ts";

/** Which rooms a room may import, besides `ground`, which every room may. A room that is missing here does not exist. */
const importTable: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  project: [],
  oci: [],
  debian: ["oci"],
  image: ["debian", "oci", "project"],
  evidence: ["debian", "oci"],
  policy: ["evidence"],
  ledger: [],
  runtime: ["oci"],
  fleet: ["oci", "runtime"],
  guard: ["oci", "runtime"],
  controller: ["project", "oci", "evidence", "policy", "ledger", "runtime", "fleet", "guard"],
  api: ["controller", "oci", "policy", "ledger", "fleet", "guard"],
  cli: [
    "project",
    "debian",
    "image",
    "oci",
    "evidence",
    "policy",
    "ledger",
    "runtime",
    "fleet",
    "guard",
    "controller",
    "api",
  ],
};

/** The outermost rooms: programs for people, which no room may lean on. */
const outermost = ["cli", "api", "console"];

const imports = listImports("src");
const programImports = imports.filter((one) => !isTestFile(one.file));

test("every room is in the import table, has a README and opens with the file of its own name", () => {
  const rooms = new Set(listFiles("src").flatMap((file) => roomOf(file) ?? `(outside a room) ${file}`));
  assert.deepEqual([...rooms].toSorted(), Object.keys(importTable).toSorted());
  for (const room of rooms) {
    assert.ok(existsSync(join(root, `src/${room}/README.md`)), `src/${room}/README.md is missing`);
    // The ground is a floor of small separate parts, not a room with one door.
    if (room !== "ground")
      assert.ok(existsSync(join(root, `src/${room}/${room}.ts`)), `src/${room}/${room}.ts is missing`);
  }
});

test("a room imports only the rooms that the table allows", () => {
  assert.deepEqual(programImports.filter(isForbidden).map(describeImport), []);
});

test("the table has no cycle, and no room may import cli, api or console", () => {
  const reaches = (room: string): readonly string[] =>
    (importTable[room] ?? []).flatMap((next) => [next, ...reaches(next)]);
  for (const room of Object.keys(importTable)) {
    assert.ok(!reaches(room).includes(room), `${room} reaches itself`);
    if (outermost.includes(room)) continue;
    for (const program of outermost) assert.ok(!reaches(room).includes(program), `${room} reaches ${program}`);
  }
});

test("ARCHITECTURE.md shows the same import table", () => {
  const rows = [...readText("ARCHITECTURE.md").matchAll(/^\| `(\w+)\/` \|[^|]*\| (–|`\w+`(?: `\w+`)*) \|$/gm)];
  const shown = Object.fromEntries(rows.map(([, room = "", may = ""]) => [room, may.match(/[a-z]+/g) ?? []]));
  assert.deepEqual(shown, importTable);
});

test("the program imports no test, bench, script or fixture", () => {
  const wrong = programImports.filter(
    ({ target }) => target !== undefined && (isTestFile(target) || !target.startsWith("src/")),
  );
  assert.deepEqual(wrong.map(describeImport), []);
});

test("only ground/libc.ts uses node:ffi, and at most one file node:sqlite", () => {
  const everywhere = ["src", "test", "bench", "scripts"].flatMap((folder) => listImports(folder));
  const users = (name: string) => new Set(everywhere.filter((one) => one.specifier === name).map((one) => one.file));
  assert.deepEqual([...users("node:ffi")], ["src/ground/libc.ts"]);
  assert.ok(users("node:sqlite").size <= 1, `node:sqlite is used by ${[...users("node:sqlite")].join(", ")}`);
});

test("every imported file exists and is written with its extension", () => {
  const wrong = imports.filter(({ target }) => target !== undefined && !existsSync(join(root, target)));
  assert.deepEqual(wrong.map(describeImport), []);
});

test("no file is named utils, helpers, common, misc or index", () => {
  const vague = listFiles("src").filter((file) => /[/.-](utils?|helpers?|common|misc)\.ts$|\/index\.ts$/.test(file));
  assert.deepEqual(vague, []);
});

function isForbidden({ file, target }: Import): boolean {
  const from = roomOf(file);
  const to = target === undefined ? undefined : roomOf(target);
  if (from === undefined || to === undefined || from === to || to === "ground") return false;
  return !(importTable[from] ?? []).includes(to);
}

function describeImport({ file, specifier }: Import): string {
  return `${file} imports ${specifier}`;
}
