import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { openLayout } from "../../oci/layout.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

test("images lists the store by name; an empty one says what to do next", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "ingot-images-"));
  t.after(() => rmSync(home, { recursive: true }));
  const env = { INGOT_HOME: home };
  assert.deepEqual(await runIngot(["images"], { env }), {
    code: 0,
    stdout: "the store has no images; next: ingot build\n",
    stderr: "",
  });
  assert.deepEqual(parseJson(await runIngot(["images", "--json"], { env })), { images: [] });

  const layout = openLayout(join(home, "store"));
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  await layout.setReference("shop/api", putTinyImage(layout, { text: "other" }));
  const { images } = parseJson<{ images: Record<string, unknown>[] }>(await runIngot(["images", "--json"], { env }));
  assert.deepEqual(
    images.map(({ name }) => name),
    ["shop/api", "shop/web"],
  );
  const { size, ...web } = images[1] ?? {};
  assert.ok(Number(size) > 0);
  assert.deepEqual(web, { name: "shop/web", digest: image.digest, layers: 1, created: "2026-01-01T00:00:00Z" });
  const { stdout } = await runIngot(["images"], { env });
  assert.match(stdout, new RegExp(`^NAME .*\n[^]*shop/web +${image.digest} +1 +\\S+ \\S+ +2026-01-01T00:00:00Z\n$`));
});
