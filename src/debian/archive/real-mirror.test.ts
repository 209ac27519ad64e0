import assert from "node:assert/strict";
import { test } from "node:test";
import { testCache } from "../../../test/support/test-cache.ts";
import { processContext } from "../../ground/context.ts";
import { isCode } from "./retry.ts";
import { readAptSources } from "./apt-sources.ts";
import { planArchives } from "./mirror.ts";
import { readSuites } from "./read-suites.ts";

test("the real Debian archive of this host is read and verified", async (t) => {
  const ctx = processContext({ home: testCache("archive") });
  const plan = planHost(ctx.env);
  if (!plan) return t.skip("needs a Debian mirror: no apt source and no INGOT_DEBIAN_MIRROR");
  const start = performance.now();
  const suites = await readSuites(ctx, plan);
  t.diagnostic(`read in ${Math.round(performance.now() - start)} ms`);
  assert.deepEqual(
    suites.map(({ suite }) => `${suite.archive} ${suite.suite}`),
    ["main bookworm", "main bookworm-updates", "security bookworm-security"],
  );
  for (const { suite } of suites) assert.ok(suite.signedBy.length > 0, suite.suite);
  const [main] = suites[0]?.packages ?? [];
  assert.ok(main && main.length > 10_000_000);
  assert.ok(main.includes("\nPackage: nginx-light\n"));
});

function planHost(env: Readonly<Record<string, string | undefined>>) {
  try {
    return planArchives({ release: "bookworm", architecture: "amd64", env, hostSources: readAptSources() });
  } catch (error) {
    if (isCode(error, ["mirror-unknown"])) return undefined;
    throw error;
  }
}
