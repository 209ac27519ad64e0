import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runIngot } from "../../test/support/run-ingot.ts";
import { processContext } from "../ground/context.ts";
import { assertWritable } from "./assert-writable.ts";

test("the folder of a report is made before the work, and a report that cannot be written is told by its option", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-writable-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), "");
  mkdirSync(join(folder, "reports"));
  const ctx = { ...processContext(), cwd: folder };
  assertWritable(ctx, [
    { option: "--junit", file: "new/deep/junit.xml" },
    { option: "--sarif", file: undefined },
    { option: "--output", file: "file" },
  ]);
  assert.ok(statSync(join(folder, "new/deep")).isDirectory());
  for (const file of ["reports", "file/report.json"])
    assert.throws(() => assertWritable(ctx, [{ option: "--sarif", file }]), {
      code: "usage",
      message: /^--sarif names /,
    });
  // Before the image is even looked for, which is not there.
  for (const args of [
    ["test", "--junit"],
    ["scan", "shop/web", "--sarif"],
    ["scan", "shop/web", "-o"],
    ["scan", "shop/web", "--author", "Ana", "--vex-out"],
  ]) {
    const result = await runIngot([...args, "file/report"], { cwd: folder, env: { INGOT_HOME: join(folder, "home") } });
    assert.equal(result.code, 2, args.join(" "));
    assert.match(result.stderr, /names file\/report, which cannot be written: [^]*code: usage\n$/);
  }
});
