import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { clampShadow, normaliseTree } from "./normalise-tree.ts";
import { normalisationPage } from "./page.ts";
import { normalisationRules } from "./rules.ts";

function makeTree(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "ingot-normalise-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const options = { epoch: 86_400 * 100, isShipped: () => false };

test("every rule does what it says, and nothing beside it", (t) => {
  const files: Record<string, string> = {
    "etc/passwd": "",
    "etc/ssh/sshd_config": "",
    "var/log/dpkg.log.keep": "",
    tmpfile: "",
    "var/lib/dpkg/status": "",
  };
  for (const { path } of normalisationRules) files[path.replace("**", "a/b").replace("*", "x")] = "root:x:20000:0\n";
  const root = makeTree(t, files);
  normaliseTree(root, options);
  for (const rule of normalisationRules) {
    const path = join(root, rule.path.replace("/**", "").replace("*", "x"));
    if (rule.action !== "remove") assert.notEqual(readFileSync(path, "utf8"), files[rule.path], rule.path);
    else if (rule.path.endsWith("**")) assert.deepEqual(readdirSync(path), [], rule.path);
    else assert.ok(!existsSync(path), rule.path);
  }
  for (const path of ["etc/passwd", "etc/ssh/sshd_config", "var/log/dpkg.log.keep", "tmpfile", "var/lib/dpkg/status"])
    assert.ok(existsSync(join(root, path)), path);
});

test("folders that a package ships stay, without what scripts put into them", (t) => {
  const root = makeTree(t, { "var/cache/apt/archives/a.deb": "", "var/cache/apt/other/x": "" });
  normaliseTree(root, { ...options, isShipped: (path) => path === "var/cache/apt/archives" });
  assert.deepEqual(readdirSync(join(root, "var/cache/apt"), { recursive: true }), ["archives"]);
});

test("a link of the tree is never followed to the host", (t) => {
  const outside = makeTree(t, { precious: "host" });
  const root = makeTree(t, { "etc/x": "" });
  for (const name of ["tmp", "run"]) symlinkSync(outside, join(root, name));
  symlinkSync(join(outside, "precious"), join(root, "etc/machine-id"));
  normaliseTree(root, options);
  assert.equal(readFileSync(join(outside, "precious"), "utf8"), "host");
});

test("only dates after the epoch are clamped, and only the third field", () => {
  const text = "root:*:19000:0:99999:7:::\nold:*:5:0:99999:7:::\nodd:$y$1:2:::::::\nempty:!::0:::::\n";
  assert.equal(clampShadow(text, 86_400 * 100), text.replace("19000", "100"));
});

test("the page in docs is the one that the table makes", () => {
  const page = readFileSync(new URL("../../../docs/normalisation.md", import.meta.url), "utf8");
  assert.equal(page, normalisationPage());
});
