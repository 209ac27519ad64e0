import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { loadProject } from "../../project/project.ts";

const files = [".gitignore", ".ingot/schema.json", "README.md", "ingot.yaml", "nginx.conf", "public/index.html"];

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-init-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the new project is valid as it is, and carries its folder's name", async (t) => {
  const cwd = makeFolder(t);
  const result = await runIngot(["init", "My Shop", "--json"], { cwd });
  const folder = join(cwd, "My Shop");
  assert.deepEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: "" });
  assert.deepEqual(parseJson(result), { project: "my-shop", folder, files });
  const project = await loadProject(join(folder, "ingot.yaml"));
  assert.equal(project.name, "my-shop");
  assert.deepEqual([...project.images.keys()], ["web"]);
  assert.match(readFileSync(join(folder, "public/index.html"), "utf8"), /Welcome to my-shop/);
  assert.deepEqual(readdirSync(folder).toSorted(), [
    ".gitignore",
    ".ingot",
    "README.md",
    "ingot.yaml",
    "nginx.conf",
    "public",
  ]);
});

test("an editor finds the schema in the project, without a network, and it is the one that ingot schema prints", async (t) => {
  const cwd = makeFolder(t);
  await runIngot(["init"], { cwd });
  const [line = ""] = readFileSync(join(cwd, "ingot.yaml"), "utf8").split("\n");
  const path = /^# yaml-language-server: \$schema=(\S+)$/.exec(line)?.[1] ?? "";
  assert.equal(readFileSync(join(cwd, path), "utf8"), (await runIngot(["schema"])).stdout);
});

test("--name is the project's name, and a bad one is usage with a proposal", async (t) => {
  const cwd = makeFolder(t);
  const bad = await runIngot(["init", "--name", "My Shop"], { cwd });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /hint: ingot init --name my-shop\n/);
  assert.deepEqual(readdirSync(cwd), []);
  assert.equal((await runIngot(["init", "--name", "shop"], { cwd })).code, 0);
  assert.equal((await loadProject(join(cwd, "ingot.yaml"))).name, "shop");
});

test("nothing is overwritten: what exists is listed, and none of the other files is written", async (t) => {
  const cwd = makeFolder(t);
  mkdirSync(join(cwd, "public"));
  writeFileSync(join(cwd, "README.md"), "mine");
  const { code, stderr } = await runIngot(["init"], { cwd });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: 2 of the files to write exist in .*; nothing was written\n {2}README\.md\n {2}public\nhint: .*\ncode: init-would-overwrite\n$/,
  );
  assert.deepEqual(readdirSync(cwd).toSorted(), ["README.md", "public"]);
  assert.equal(readFileSync(join(cwd, "README.md"), "utf8"), "mine");
});

test("a file where the folder should be is refused", async (t) => {
  const cwd = makeFolder(t);
  writeFileSync(join(cwd, "shop"), "");
  const { code, stderr } = await runIngot(["init", "shop"], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /code: init-would-overwrite\n$/);
});

test("other files of the folder stay as they are", async (t) => {
  const cwd = makeFolder(t);
  writeFileSync(join(cwd, "notes.txt"), "mine");
  assert.equal((await runIngot(["init"], { cwd })).code, 0);
  assert.ok(existsSync(join(cwd, "notes.txt")) && existsSync(join(cwd, "ingot.yaml")));
});
