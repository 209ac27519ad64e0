import { resolve } from "node:path";
import { shortId } from "../../evidence/keys/key-folder.ts";
import type { TestReport } from "../../evidence/tests/test-result.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Project } from "../../project/definition.ts";
import type { CheckedImage } from "../test/check-image.ts";
import type { SignedResult } from "../test/sign-report.ts";
import { assertWritable } from "../assert-writable.ts";
import type { Declare, Outcome } from "../command.ts";
import { openProject, type OpenedProject, type ProjectOptions } from "../open-project.ts";

type TestOptions = ProjectOptions & {
  readonly lints: boolean;
  readonly only?: string;
  readonly junit?: string;
  readonly sign: boolean;
  readonly passphraseFile?: string;
};

/** `ingot test [IMAGE…]`: the definition's tests in hardened instances of the images in the store, and the lints. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[images...]", "which images, by name or by digest (default: all of the project)")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--only <kind>", "only these checks: tests or lints; then nothing is signed")
    .option("--no-lints", "only the tests; then nothing is signed")
    .option("--junit <file>", "write the results as JUnit XML too; its folder is made where it is not there")
    .option("--no-sign", "do not sign the result with the tester's key")
    .option("--passphrase-file <file>", "read the passphrase of the tester's key from this file")
    .action(handle<TestOptions, [readonly string[]]>(async ({ ctx, options }, names) => test(ctx, names, options)));
};

async function test(ctx: Context, names: readonly string[], options: TestOptions): Promise<Outcome> {
  const kinds = kindsOf(options);
  assertWritable(ctx, [{ option: "--junit", file: options.junit }]);
  const opened = await openProject(ctx, options);
  const images = await findImages(ctx, opened.project, names);
  await prepare(ctx, opened, images);
  const isWhole = kinds.tests && kinds.lints;
  // Before the tests: a passphrase that is wrong must not cost them.
  const sign = options.sign && isWhole ? await openSigning(ctx, opened.project, options) : undefined;
  const { checkImage } = await import("../test/check-image.ts");
  const results: Result[] = [];
  for (const image of images) {
    const report = await checkImage(ctx, image, kinds);
    const signed = await sign?.(report);
    results.push({ report, ...(signed === undefined ? {} : { signed }) });
  }
  if (options.junit !== undefined) await writeJunit(resolve(ctx.cwd, options.junit), results);
  return outcomeOf(
    results,
    options.sign && !isWhole ? "not signed: only a part of the checks was carried out" : undefined,
  );
}

type Result = { readonly report: TestReport; readonly signed?: SignedResult };

function kindsOf({ only, lints }: TestOptions): { tests: boolean; lints: boolean } {
  if (only !== undefined && only !== "tests" && only !== "lints")
    throw new IngotError("usage", `expected tests or lints for --only, got "${only}"`, { hint: "ingot test --help" });
  if (only === "lints" && !lints) throw new IngotError("usage", "expected either --only lints or --no-lints, got both");
  return { tests: only !== "lints", lints: lints && only !== "tests" };
}

/** All are found before the first is tested. Throws `image-unknown` for one that the project does not define or that was not built. */
async function findImages(ctx: Context, project: Project, names: readonly string[]): Promise<readonly CheckedImage[]> {
  const { findTestable } = await import("../test/find-testable.ts");
  const wanted = names.length === 0 ? [...project.images.keys()] : names;
  const found = wanted.map((name) => findTestable(ctx, project, name));
  return found.filter(({ name }, index) => found.findIndex((one) => one.name === name) === index);
}

/** Instances need root and programs: better known before the first test than after it. Removes what commands that were killed have left. */
async function prepare(ctx: Context, opened: OpenedProject, images: readonly CheckedImage[]): Promise<void> {
  const { assertRoot, assertInstalled } = await import("../../runtime/runc/host-requirements.ts");
  const { runcRuntime } = await import("../../runtime/runc/runc-driver.ts");
  const { isBuiltNow } = await import("../test/is-built-now.ts");
  assertRoot();
  assertInstalled(ctx);
  await runcRuntime(ctx).list();
  const old = images.map(({ definition }) => definition.name).filter((name) => !isBuiltNow(ctx, opened, name));
  if (old.length === 0) return;
  ctx.report.warn(
    `${old.join(", ")}: the image in the store is tested; whether it is what ingot.yaml would give now is not known; next: ingot build`,
  );
}

/** How a report is signed; undefined where there is no key of the tester. */
async function openSigning(
  ctx: Context,
  project: Project,
  { passphraseFile }: TestOptions,
): Promise<((report: TestReport) => Promise<SignedResult | undefined>) | undefined> {
  const { openSigner } = await import("../../evidence/keys/signer.ts");
  const { digestOfDefinition, signReport } = await import("../test/sign-report.ts");
  const signer = await openSigner(ctx, "tester", passphraseFile === undefined ? {} : { passphraseFile });
  if (signer === undefined) {
    ctx.report.info("not signed: there is no tester's key; next: ingot key generate tester");
    return undefined;
  }
  const { warnUntrusted } = await import("../warn-untrusted.ts");
  warnUntrusted(ctx, signer.key, project.trust);
  const definition = digestOfDefinition(project.path);
  return (report) => signReport(ctx, report, { signer, definition });
}

async function writeJunit(path: string, results: readonly Result[]): Promise<void> {
  const { junitReport } = await import("../../evidence/tests/junit.ts");
  const { writeFileAtomic } = await import("../../ground/atomic-file.ts");
  writeFileAtomic(path, junitReport(results.map(({ report }) => report)));
}

async function outcomeOf(results: readonly Result[], note: string | undefined): Promise<Outcome> {
  const { describeReport } = await import("../test/describe-report.ts");
  const outcomes = new Set(results.flatMap(({ report }) => report.checks.map(({ outcome }) => outcome)));
  const texts = results.map(({ report, signed }) => [describeReport(report), describeSigned(signed)].flat().join("\n"));
  return {
    json: { images: results.map(({ report, signed }) => ({ ...report, ...(signed && { signed }) })) },
    text: [...texts, ...(note === undefined ? [] : [note])].join("\n"),
    exitCode: exitCodeOf(outcomes),
  };
}

function describeSigned(signed: SignedResult | undefined): readonly string[] {
  return signed === undefined ? [] : [`  signed by the tester ${shortId(signed.keyId)}: ${signed.result}`];
}

/** A failure that was found counts more than a check that could not be carried out. */
function exitCodeOf(outcomes: ReadonlySet<string>): 0 | 1 | 4 {
  if (outcomes.has("failed")) return 4;
  return outcomes.has("broken") ? 1 : 0;
}
