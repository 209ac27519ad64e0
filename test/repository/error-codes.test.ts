import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes } from "../../src/ground/error-codes.ts";
import { isTestFile, listFiles, readText } from "./repository-files.ts";

/** Codes that no test names, each with the reason. */
const untested: Readonly<Record<string, string>> = {
  "instance-not-frozen": "needs a process that waits for the kernel without end, which no test can make and undo",
};

const catalogue = "src/ground/error-codes";
const files = listFiles("src")
  .concat(listFiles("test"))
  .filter((file) => file.endsWith(".ts") && !file.startsWith(catalogue));
const program = files.filter((file) => !isTestFile(file)).map((file) => readText(file));
const tests = files.filter((file) => file.endsWith(".test.ts") && !file.startsWith("test/repository/")).map(readText);
const codes = Object.keys(errorCodes);

test("every error code is raised somewhere in the program", () => {
  assert.deepEqual(
    codes.filter((code) => !program.some((text) => text.includes(`"${code}"`))),
    [],
  );
});

test("every error code has a test that names it, but for a list with reasons", () => {
  // Either by itself, or as the line that the command line prints.
  const isNamed = (code: string) =>
    tests.some((text) => text.includes(`"${code}"`) || text.includes(`code: ${code}\\n`));
  const unnamed = codes.filter((code) => !isNamed(code));
  assert.deepEqual(unnamed.toSorted(), Object.keys(untested).toSorted());
});

test("every code is kebab-case and has a meaning", () => {
  for (const [code, { means }] of Object.entries(errorCodes)) {
    assert.match(code, /^[a-z]+(-[a-z0-9]+)*$/);
    assert.match(means, /^\S.*\.$/, code);
  }
});
