import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { xz } from "@napi-rs/lzma";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { writeTar } from "../../oci/tar/write.ts";
import { makeAr, type Member } from "../../../test/support/make-ar.ts";
import { readDeb } from "./deb-file.ts";

const control = "Package: a\nVersion: 1\nArchitecture: all\n";
const plainControl = writeTar([
  tarEntry({ path: "control", content: control }),
  tarEntry({ path: "postinst", content: "#!/bin/sh" }),
]);
const plainData = writeTar([tarEntry({ path: "usr/share/a", content: "hello" })]);

function write(t: TestContext, content: Buffer): { file: string; sha256: string } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-deb-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "a.deb"), content);
  return { file: join(folder, "a.deb"), sha256: hash("sha256", content, "hex") };
}

async function read(t: TestContext, ...members: readonly Member[]): Promise<string> {
  const { file, sha256 } = write(t, makeAr(...members));
  const deb = await readDeb(file, { where: "a 1", sha256 });
  const entries = await deb.readEntries();
  const files = entries.map((entry) => `${entry.path}=${entry.content.toString()}`).join();
  return `${deb.control.get("Package")} ${[...deb.controlFiles.keys()].join()} ${files}`;
}

const binary: Member = ["debian-binary", "2.0\n"];

test("an archive is read whichever compression its members have", async (t) => {
  const expected = "a control,postinst usr/share/a=hello";
  assert.equal(await read(t, binary, ["control.tar.gz", gzipSync(plainControl)], ["data.tar", plainData]), expected);
  assert.equal(
    await read(
      t,
      binary,
      ["control.tar.zst", zstdCompressSync(plainControl)],
      ["data.tar.zst", zstdCompressSync(plainData)],
    ),
    expected,
  );
  assert.equal(
    await read(
      t,
      binary,
      ["control.tar.xz", await xz.compress(plainControl)],
      ["data.tar.xz", await xz.compress(plainData)],
    ),
    expected,
  );
});

test("an archive that is not the locked one is refused before anything of it is read", async (t) => {
  const { file, sha256 } = write(t, makeAr(binary, ["control.tar", plainControl], ["data.tar", plainData]));
  const altered = readFileSync(file);
  altered[altered.length - 1200] = 1;
  writeFileSync(file, altered);
  await assert.rejects(readDeb(file, { where: "a 1", sha256 }), { code: "deb-altered" });
});

test("a cut or altered archive is refused by name, wherever it is cut", async (t) => {
  const whole = makeAr(
    binary,
    ["control.tar.xz", await xz.compress(plainControl)],
    ["data.tar.xz", await xz.compress(plainData)],
  );
  for (const length of [0, 7, 20, 100, 300, whole.length - 4]) {
    const { file, sha256 } = write(t, whole.subarray(0, length));
    await assert.rejects(async () => (await readDeb(file, { where: "a 1", sha256 })).readEntries(), {
      code: "deb-malformed",
      message: /a 1/,
    });
  }
  const altered = Buffer.from(whole);
  altered[whole.length - 60] = (altered[whole.length - 60] ?? 0) ^ 0xff;
  const { file, sha256 } = write(t, altered);
  await assert.rejects(async () => (await readDeb(file, { where: "a 1", sha256 })).readEntries(), {
    code: "deb-malformed",
  });
});

test("members that are missing, doubled or unknown are refused", async (t) => {
  const malformed = { code: "deb-malformed" };
  await assert.rejects(read(t, binary, ["data.tar", plainData]), malformed);
  await assert.rejects(read(t, binary, ["control.tar", plainControl]), malformed);
  await assert.rejects(
    read(t, ["debian-binary", "3.0\n"], ["control.tar", plainControl], ["data.tar", plainData]),
    malformed,
  );
  await assert.rejects(
    read(t, binary, ["control.tar", plainControl], ["data.tar", plainData], ["data.tar", plainData]),
    malformed,
  );
  await assert.rejects(
    read(t, binary, ["control.tar", plainControl], ["data.tar", plainData], ["data.tar.gz", gzipSync(plainData)]),
    malformed,
  );
  await assert.rejects(read(t, binary, ["control.tar", plainControl], ["data.tar.lzma", plainData]), malformed);
});

test("a path with .. is refused, in the data and among the control files", async (t) => {
  const escaping = writeTar([tarEntry({ path: "usr/../../etc/passwd", content: "root" })]);
  await assert.rejects(read(t, binary, ["control.tar", plainControl], ["data.tar", escaping]), {
    code: "archive-escapes-root",
    message: /^a 1: .*etc\/passwd/,
  });
  const outside = writeTar([
    tarEntry({ path: "control", content: control }),
    tarEntry({ path: "../../etc/cron.d/x", content: "" }),
  ]);
  await assert.rejects(read(t, binary, ["control.tar", outside], ["data.tar", plainData]), {
    code: "archive-escapes-root",
  });
  const deep = writeTar([tarEntry({ path: "control", content: control }), tarEntry({ path: "a/b", content: "" })]);
  await assert.rejects(read(t, binary, ["control.tar", deep], ["data.tar", plainData]), { code: "deb-malformed" });
});
