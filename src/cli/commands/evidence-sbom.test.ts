import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { bookworm, dpkg, file, storeImage } from "../../evidence/inventory/inventory.fixture.ts";

test("ingot evidence --sbom prints what is in an image, in either format, the same each time", async (t) => {
  const { ctx, digest } = storeImage(t, [[bookworm, ...dpkg({ name: "a", files: ["usr/bin/a"] }), file("usr/bin/a")]]);
  const run = (...words: readonly string[]) =>
    runIngot(["evidence", digest, ...words], { env: { INGOT_HOME: ctx.home } });
  const first = await run("--sbom", "cyclonedx");
  assert.deepEqual([first.code, first.stderr], [0, ""]);
  assert.match(first.stdout, /^\{.*"name":"a".*\}\n$/);
  const again = await run("--sbom", "cyclonedx");
  assert.equal(again.stdout, first.stdout);
  assert.equal(parseJson<{ spdxVersion: string }>(await run("--sbom", "spdx", "--json")).spdxVersion, "SPDX-2.3");
  const wrong = await run("--sbom", "csv");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /"csv" is no format of a bill of materials\nhint: one of: cyclonedx, spdx\n/);
});
