import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { IngotError } from "../../ground/error.ts";
import type { ServiceDefinition } from "../../project/definition.ts";
import { loadProject } from "../../project/project.ts";
import { embedFiles } from "./embed-files.ts";

async function service(t: TestContext, content: string | Uint8Array): Promise<ServiceDefinition> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-embed-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "app.conf"), content);
  writeFileSync(
    join(folder, "ingot.yaml"),
    "project: shop\nimages:\n  web: {base: debian:bookworm}\nservices:\n  web:\n    image: web\n    files: {/etc/app.conf: ./app.conf, /etc/motd: {content: hello}}\n",
  );
  const found = (await loadProject(join(folder, "ingot.yaml"))).services.get("web");
  assert.ok(found);
  return found;
}

test("a release keeps the content of a service's files, not where they were", async (t) => {
  const { files } = embedFiles(await service(t, "color = blue\n"));
  assert.deepEqual(files, { "/etc/app.conf": { content: "color = blue\n" }, "/etc/motd": { content: "hello" } });
});

test("a file that is no text, and one that is too large, are refused with the way on", async (t) => {
  for (const content of [Uint8Array.of(0xff, 0xfe), "x".repeat(50_000)]) {
    const given = await service(t, content);
    assert.throws(
      () => embedFiles(given),
      (error) => error instanceof IngotError && error.code === "definition-invalid" && /image/.test(error.hint ?? ""),
    );
  }
});
