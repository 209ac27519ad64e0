import { readInventory } from "../../evidence/inventory/read-inventory.ts";
import { lintImage } from "../../evidence/lint/lint-image.ts";
import { runTests } from "../../evidence/tests/run-tests.ts";
import type { TestInstance, TestInstances } from "../../evidence/tests/test-instance.ts";
import type { CheckResult, TestReport } from "../../evidence/tests/test-result.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { openStore } from "../../oci/layout.ts";
import type { ImageDefinition } from "../../project/definition.ts";
import { portsOf, settleTime } from "./ports-of.ts";
import { testInstances } from "./test-instances.ts";

export type CheckedImage = {
  readonly definition: ImageDefinition;
  /** Its name in the store. */
  readonly name: string;
  readonly digest: Digest;
};

export type CheckKinds = { readonly tests: boolean; readonly lints: boolean };

/** Carries out the tests and lints of one image. Nothing of any instance is left when it returns or throws. */
export async function checkImage(ctx: Context, image: CheckedImage, kinds: CheckKinds): Promise<TestReport> {
  const started = ctx.now().toISOString();
  const task = ctx.report.task(`test ${image.name}`, { unit: "items" });
  const instances = testInstances(ctx, image);
  const shared = shareOne(instances);
  try {
    const { tests } = image.definition;
    // First of all: it becomes ready meanwhile, and keeps the image's content mounted, which each other instance would check anew. Where it cannot be started,
    // the tests that need it say so.
    if (kinds.tests && tests.length > 0) await shared.get().catch(() => undefined);
    const tested = kinds.tests
      ? await runTests(ctx, tests, { run: instances.run, shared: shared.get, onResult: () => task.advance(1) })
      : [];
    const linted = kinds.lints ? await lint(ctx, image, shared.get) : [];
    const checks = [...tested, ...linted];
    task.done(`${checks.length} checks`);
    return { image: image.digest, name: image.name, started, checks };
  } finally {
    await shared.stop();
  }
}

/** One instance for all that only look, started when the first of them does. */
function shareOne(instances: TestInstances): { get: () => Promise<TestInstance>; stop: () => Promise<void> } {
  let one: Promise<TestInstance> | undefined;
  return {
    get: () => (one ??= instances.start()),
    stop: async () => {
      const started = await one?.catch(() => undefined);
      await started?.stop();
    },
  };
}

async function lint(
  ctx: Context,
  { definition, digest }: CheckedImage,
  shared: () => Promise<TestInstance>,
): Promise<readonly CheckResult[]> {
  const layout = openStore(ctx);
  const instance = await shared().catch((error: unknown) => withoutInstance(ctx, error));
  const settled = Date.now() + settleTime;
  // Meanwhile it opens its ports.
  const inventory = await readInventory(ctx, { layout, digest });
  const listening = instance && (await portsOf(instance, { declared: definition.port, settled }));
  return lintImage(
    ctx,
    { layout, digest },
    {
      inventory,
      without: definition.without,
      exceptions: definition.lints,
      files: definition.files.map(({ target }) => target),
      ...(listening === undefined ? {} : { listening }),
    },
  );
}

/** The lints that read the image are worth having on a machine where nothing can be started. */
function withoutInstance(ctx: Context, error: unknown): undefined {
  if (!(error instanceof IngotError) || error.code === "cancelled") throw error;
  ctx.report.warn(`the ports of an instance are not looked at: ${error.message}`);
  return undefined;
}
