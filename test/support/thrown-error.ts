import assert from "node:assert/strict";
import { IngotError } from "../../src/ground/error.ts";

/** The error with which work fails, for a test to look at; the test fails where it does not fail, or by another kind of error. */
export async function thrownBy(work: Promise<unknown>): Promise<IngotError> {
  const error: unknown = await work.then(
    () => assert.fail("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof IngotError, String(error));
  return error;
}
