import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findElfSection } from "./elf-file.ts";
import type { ReadAt } from "./file-fact.ts";
import { readGoProgram } from "./go-program.ts";

const readIn =
  (content: Buffer): ReadAt =>
  (offset, length) =>
    content.subarray(offset, Math.min(content.length, offset + length));

const marks = "x".repeat(16);

/** A 64-bit ELF file of nothing but the section `.go.buildinfo` and the table of names. */
function elf(section: Buffer): Buffer {
  const names = Buffer.from("\0.go.buildinfo\0");
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.set([2, 1], 4);
  header.writeBigUInt64LE(BigInt(64 + section.length + names.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(2, 60);
  header.writeUInt16LE(1, 62);
  const place = (name: number, offset: number, size: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(size), 32);
    return entry;
  };
  const table = [place(1, 64, section.length), place(0, 64 + section.length, names.length)];
  return Buffer.concat([header, section, names, ...table]);
}

function buildInfo(modules: string, flags = 2, go = "go1.22.1"): Buffer {
  const head = Buffer.alloc(32);
  head.write("\xff Go buildinf:", "latin1");
  head[15] = flags;
  const text = Buffer.from(`${marks}${modules}${marks}`);
  const length = Buffer.from([(text.length & 0x7f) | 0x80, text.length >> 7]);
  return Buffer.concat([head, Buffer.from([go.length]), Buffer.from(go), length, text]);
}

function read(content: Buffer): unknown {
  const fact = readGoProgram(readIn(content), content.length);
  return fact?.kind === "packages" ? fact.packages.map(({ name, version }) => `${name} ${version}`) : fact?.kind;
}

test("modules are read with their versions, a replacement in the place of what it replaces", () => {
  const modules =
    "path\texample.org/x\nmod\texample.org/x\t(devel)\t\ndep\ta.org/a\tv1.0.0\th1:x=\ndep\tb.org/b\tv1.0.0\n=>\tc.org/c\tv2.0.0\th1:y=\ndep\td.org/d\tv0.0.0\n=>\t./d\t(devel)\t\nbuild\t-compiler=gc\n";
  assert.deepEqual(read(elf(buildInfo(modules))), [
    "stdlib 1.22.1",
    "example.org/x (devel)",
    "a.org/a v1.0.0",
    "c.org/c v2.0.0",
    "d.org/d (devel)",
  ]);
});

test("a program of an old Go, and damaged build information, are left out and said", () => {
  assert.equal(read(elf(buildInfo("", 0))), "skipped");
  assert.equal(read(elf(buildInfo("mod\ta\tv1\n").subarray(0, 50))), "skipped");
  const endless = Buffer.concat([buildInfo("").subarray(0, 32), Buffer.alloc(20, 0xff)]);
  assert.equal(read(elf(endless)), "skipped");
});

test("what is no ELF file, or one without the section, is no Go program", () => {
  assert.equal(read(Buffer.from("#!/bin/sh\necho \xff Go buildinf: and more text than a header is long")), undefined);
  assert.equal(read(elf(Buffer.alloc(64))), undefined);
  assert.equal(read(readFileSync("/bin/true")), undefined);
});

test("every cut and every changed byte of the headers is survived", () => {
  const whole = elf(buildInfo("dep\ta\tv1\n"));
  for (let length = 0; length < whole.length; length += 1) read(whole.subarray(0, length));
  for (let at = 0; at < whole.length; at += 1)
    for (const byte of [0x00, 0x7f, 0xff]) {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      read(changed);
    }
});

test("a section is found as readelf finds it", (t) => {
  const program = join(import.meta.dirname, "../../../node_modules/@typescript/typescript-linux-x64/lib/tsc");
  if (!existsSync(program)) return t.skip("needs the Go program of typescript for linux-x64: not installed");
  const content = readFileSync(program);
  const part = findElfSection(readIn(content), ".go.buildinfo");
  assert.ok(part !== undefined);
  assert.equal(content.toString("latin1", part.offset, part.offset + 14), "\xff Go buildinf:");
  assert.equal(findElfSection(readIn(content), ".none"), undefined);
});

test("the version of Go's own library is a plain number, and unknown where Go did not say one", () => {
  const cases = {
    "go1.22.1": "1.22.1",
    "go1.23rc2": "1.23rc2",
    "go1.18.1b7": "1.18.1",
    "go1.21.0 X:boringcrypto": "1.21.0",
    "go1.22.1-vendor": "1.22.1",
    "devel go1.24-abcdef Mon": "(devel)",
  };
  for (const [go, version] of Object.entries(cases))
    assert.deepEqual(read(elf(buildInfo("", 2, go))), [`stdlib ${version}`], go);
});
