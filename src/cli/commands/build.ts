import { builderKeyId } from "../../evidence/keys/builder-key-id.ts";
import type { Context } from "../../ground/context.ts";
import { findSealed, type SealPlace } from "../../image/build-seal.ts";
import type { Declare, Outcome } from "../command.ts";
import { formatBytes, formatDuration } from "../format.ts";
import { locateProject } from "../open-project.ts";
import type { BuildOptions, ReportedImage } from "../run-build.ts";

type BuildCommandOptions = BuildOptions & { readonly explain?: boolean };

/** `ingot build [IMAGE…]`: casts images from the lock into the store; locks first where there is no lock yet. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[images...]", "which images (default: all of the project)")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--no-cache", "make every layer again; the digests stay the same")
    .option("--explain", "say of each step why it was made again or reused")
    .option("--no-sign", "sign nothing, also where there is a builder's key")
    .option("--passphrase-file <file>", "read the key's passphrase from this file; only you may be able to read it")
    .action(
      handle<BuildCommandOptions, [readonly string[]]>(async ({ ctx, options }, names) => {
        const { path, lockPath } = locateProject(ctx, options);
        const signedBy = options.sign ? builderKeyId(ctx) : undefined;
        const place = { home: ctx.home, definitionPath: path, lockPath, images: names, ...(signedBy && { signedBy }) };
        const sealed = options.cache ? repeat(place) : undefined;
        const images = sealed ?? (await build(ctx, options, place));
        for (const line of images.flatMap(({ warnings }) => warnings ?? [])) ctx.report.warn(line);
        return describe(images, options.explain === true);
      }),
    );
};

/** The report of a build that has nothing to do, without loading what a build needs. */
function repeat(place: SealPlace): readonly ReportedImage[] | undefined {
  const started = performance.now();
  const report = findSealed<readonly ReportedImage[]>(place);
  const seconds = Math.round(performance.now() - started) / 1000;
  return report?.map((image) => ({ ...image, seconds }));
}

async function build(ctx: Context, options: BuildOptions, place: SealPlace): Promise<readonly ReportedImage[]> {
  // Loaded only when there is something to do: it brings every parser with it.
  const { runBuild } = await import("../run-build.ts");
  return runBuild(ctx, options, place);
}

function describe(images: readonly ReportedImage[], explain: boolean): Outcome {
  return { json: { images }, text: images.flatMap((image) => describeImage(image, explain)).join("\n") };
}

function describeImage(image: ReportedImage, explain: boolean): readonly string[] {
  const made = image.steps.filter((step) => !step.reused).length;
  const what = made === 0 ? "nothing changed" : `${made} of ${image.steps.length} steps made`;
  const size = `${image.layers.length} layers, ${formatBytes(image.size)}`;
  const signed = image.statements.length === 0 ? "not signed" : `${image.statements.length} statements`;
  const line = `${image.reference}  ${image.digest}  ${size}, ${what}, ${signed}, ${formatDuration(image.seconds * 1000)}`;
  if (!explain) return [line];
  const steps = image.steps.map(
    (step) => `  ${step.reused ? "reused" : "made  "}  ${step.kind} ${step.name}: ${step.why}`,
  );
  return [line, ...steps];
}
