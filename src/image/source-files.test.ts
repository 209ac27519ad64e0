import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { FileDefinition } from "../project/definition.ts";
import { readSourceFiles, type SourceFile } from "./source-files.ts";

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sources-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function from(source: string, more: Partial<FileDefinition> = {}): FileDefinition {
  return { target: "/srv", from: { kind: "path", source }, ...more };
}

const brief = ({ path, type, mode }: SourceFile) => [path, type, mode.toString(8)];

test("a folder is taken with all that is in it, in byte order; of modes only the executable bit counts", (t) => {
  const folder = makeFolder(t);
  mkdirSync(join(folder, "b"), { mode: 0o700 });
  for (const [name, mode] of [
    ["b/run", 0o711],
    ["b/secret", 0o600],
    ["é", 0o664],
    ["Z", 0o444],
  ] as const) {
    writeFileSync(join(folder, name), name);
    chmodSync(join(folder, name), mode);
  }
  symlinkSync("Z", join(folder, "link"));
  assert.deepEqual(readSourceFiles([from(folder)]).map(brief), [
    ["srv", "directory", "755"],
    ["srv/Z", "file", "644"],
    ["srv/b", "directory", "755"],
    ["srv/b/run", "file", "755"],
    ["srv/b/secret", "file", "644"],
    ["srv/link", "symlink", "777"],
    ["srv/é", "file", "644"],
  ]);
});

test("each file says where it lies on this host, by the definition's own name for it; written content lies nowhere", (t) => {
  const folder = makeFolder(t);
  mkdirSync(join(folder, "release-2"));
  writeFileSync(join(folder, "release-2/run"), "", { mode: 0o755 });
  symlinkSync("release-2", join(folder, "current"));
  const written: FileDefinition = { target: "/etc/motd", from: { kind: "content", content: "hello" } };
  assert.deepEqual(
    readSourceFiles([from(join(folder, "current"), { mode: 0o600 }), written]).map((file) => file.from),
    [
      { path: join(folder, "current"), isExecutable: false },
      { path: join(folder, "current/run"), isExecutable: true },
      undefined,
    ],
  );
});

test("a mode, owner and group that are written hold for every file below, the mode not for folders", (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "a"), "");
  const files = readSourceFiles([from(folder, { mode: 0o640, owner: "www-data", group: "adm" })]);
  assert.deepEqual(
    files.map(({ path, mode, owner, group }) => [path, mode.toString(8), owner, group]),
    [
      ["srv", "755", "www-data", "adm"],
      ["srv/a", "640", "www-data", "adm"],
    ],
  );
});

test("a source that is a link stands for what it leads to", (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, "real"), "text");
  symlinkSync("real", join(folder, "link"));
  const [file] = readSourceFiles([from(join(folder, "link"))]);
  assert.ok(file?.type === "file");
  assert.equal(file.content.toString(), "text");
});

test("content in the definition is a file of root's", () => {
  const [file] = readSourceFiles([{ target: "/etc/motd", from: { kind: "content", content: "hello\n" } }]);
  assert.ok(file?.type === "file");
  assert.deepEqual(
    [...brief(file), file.owner, file.content.toString()],
    ["etc/motd", "file", "644", "root", "hello\n"],
  );
});

test("a socket in a folder is refused by its name", async (t) => {
  const folder = makeFolder(t);
  const server = createServer().listen(join(folder, "app.sock"));
  await once(server, "listening");
  t.after(() => server.close());
  assert.throws(() => readSourceFiles([from(folder)]), { code: "file-unsupported", message: /app\.sock/ });
});
