import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { processContext, type Context } from "../../ground/context.ts";
import { openStore } from "../../oci/layout.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import type { Project } from "../../project/definition.ts";
import { openProject } from "../open-project.ts";
import { findTestable } from "./find-testable.ts";

type World = { readonly ctx: Context; readonly project: Project; readonly digest: string };

/** A project with two images, of which `web` is in the store. */
async function makeWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-testable-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const images = `images: {web: {base: "debian:bookworm"}, worker: {base: "debian:bookworm"}}\n`;
  writeFileSync(join(folder, "ingot.yaml"), `project: shop\n${images}`);
  const ctx = processContext({ env: {}, cwd: folder, home: join(folder, "home") });
  const image = putTinyImage(openStore(ctx));
  await openStore(ctx).setReference("shop/web", image);
  return { ctx, project: (await openProject(ctx, {})).project, digest: image.digest };
}

test("an image is tested by its name, its name in the store, or its digest as the controller's denials name it", async (t) => {
  const { ctx, project, digest } = await makeWorld(t);
  for (const text of ["web", "shop/web", digest, digest.slice(7, 19)])
    assert.equal(findTestable(ctx, project, text).digest, digest, text);
});

test("a digest that no image of the project has is answered with those that they have", async (t) => {
  const { ctx, project, digest } = await makeWorld(t);
  assert.throws(() => findTestable(ctx, project, "aaaaaaaaaaaa"), {
    code: "image-unknown",
    details: [`shop/web: ${digest}`, "shop/worker: not built here"],
  });
});

test("an image that was not built, and a name that is written wrongly, are errors that say what to do", async (t) => {
  const { ctx, project } = await makeWorld(t);
  assert.throws(() => findTestable(ctx, project, "worker"), { hint: /^ingot build worker, or .* shop\/worker$/ });
  assert.throws(() => findTestable(ctx, project, "wbe"), { message: /defines no image "wbe"; did you mean web\?$/ });
});
