/** `ingot push` to a controller, without a reference: where the image is there already. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseJson, runIngot, type IngotResult } from "../../../test/support/run-ingot.ts";
import { startRegistry } from "../../api/registry/registry.fixture.ts";
import { artifactOf } from "../../oci/artifact.fixture.ts";
import { openLayout } from "../../oci/layout.ts";
import { attachArtifact } from "../../oci/referrers.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

test("what was said of an image since it was pushed follows it to the controller, by the image's digest alone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-push-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const registry = await startRegistry(t, { now: new Date() });
  const layout = openLayout(join(folder, "store"));
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  const env = { INGOT_HOME: folder, INGOT_URL: registry.url, INGOT_TOKEN: registry.admin.token };
  const run = (...args: readonly string[]): Promise<IngotResult> => runIngot(args, { cwd: folder, env });

  const nowhere = await run("push", "shop/web", "shop/web:1");
  assert.equal(nowhere.code, 2, "it does not go to the registry of everybody");
  assert.match(
    nowhere.stderr,
    new RegExp(`hint: ingot push IMAGE ${registry.host}/shop/web:1 for the controller, or docker\\.io/`),
  );
  const early = await run("push", "shop/web");
  assert.equal(early.code, 1, early.stderr);
  assert.match(early.stderr, /does not have shop\/web yet[^]*code: image-not-pushed/);
  const [, hint = "none"] = /hint: ingot (push .*)/.exec(early.stderr) ?? [];
  assert.equal(hint, `push shop/web ${registry.host}/shop/web:TAG`);
  assert.equal((await run(...hint.replace("TAG", "1").split(" "))).code, 0);

  await attachArtifact(layout, image, artifactOf("a report", "application/vnd.example.report"));
  const short = image.digest.slice("sha256:".length).slice(0, 12);
  const later = await run("push", short, "--json");
  assert.equal(later.code, 0, later.stderr);
  assert.deepEqual(parseJson(later), {
    image: short,
    digest: image.digest,
    reference: `${registry.host}/shop/web@${image.digest}`,
    statements: 1,
  });
});
