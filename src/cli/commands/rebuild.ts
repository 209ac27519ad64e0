import type { ImageDiff } from "../../image/image-diff.ts";
import type { Declare } from "../command.ts";
import { formatDuration } from "../format.ts";
import { keyOption } from "../read-project-trust.ts";
import type { RebuildOptions, RebuildResult } from "../run-rebuild.ts";

/** `ingot rebuild IMAGE`: builds an image again from its own provenance; exit 4 when it comes out otherwise. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the store, with its statements (`ingot pull` brings both)")
    .option(
      "--source <folder>",
      "look for the project's files there first, then in the project here, in Git and in the image; may be repeated",
      // Given again for each folder: a list would swallow the image that is named after it.
      (value: string, former: readonly string[] | undefined): readonly string[] => [...(former ?? []), value],
    )
    .option(...keyOption)
    .option("-f, --file <path>", "the project's ingot.yaml, whose `trust:` counts")
    .option("--unverified", "believe provenance that nobody trusted has signed; nothing is signed then")
    .option("--home <folder>", "build in this new or empty folder and leave it there, to look at")
    .option("--no-sign", "sign nothing, also where there is a rebuilder's key")
    .option("--passphrase-file <file>", "read the key's passphrase from this file; only you may be able to read it")
    .action(
      handle<RebuildOptions, [string]>(async ({ ctx, options }, image) => {
        const { runRebuild } = await import("../run-rebuild.ts");
        const result = await runRebuild(ctx, image, options);
        return {
          json: result,
          text: describe(result, options).join("\n"),
          ...(result.isIdentical ? {} : { exitCode: 4 as const }),
        };
      }),
    );
};

function describe(result: RebuildResult, options: RebuildOptions): readonly string[] {
  const { name, digest, rebuilt, isIdentical, seconds, statement } = result;
  const time = formatDuration(seconds * 1000);
  if (!isIdentical) {
    return [
      `${name}  ${digest}  NOT the same when built again, ${time}`,
      `it became  ${rebuilt}`,
      ...differences(result),
    ];
  }
  const signed = statement === undefined ? "not signed" : `signed by the rebuilder: ${statement}`;
  const doubt = options.unverified ? "; by provenance that nobody trusted has signed" : "";
  return [`${name}  ${digest}  built again, identical, ${time}`, `${signed}${doubt}`];
}

/** Enough to begin looking; `--json` has all. */
const mostLines = 30;

function differences({ layers, difference }: RebuildResult): readonly string[] {
  const lines = [
    ...layers.map(({ title, from = "none", to = "none" }) => `layer ${title}: ${from} → ${to}`),
    ...(difference === undefined ? [] : describeDiff(difference)),
  ];
  const more = lines.length > mostLines ? [`… and ${lines.length - mostLines} more (--json lists all)`] : [];
  return [...lines.slice(0, mostLines), ...more];
}

function describeDiff({ packages, files, config }: ImageDiff): readonly string[] {
  const lines = [
    ...packages.added.map(({ name, version }) => `package + ${name} ${version}`),
    ...packages.removed.map(({ name, version }) => `package - ${name} ${version}`),
    ...packages.changed.map(({ name, from, to }) => `package ~ ${name} ${from} → ${to}`),
    ...config.map(({ key }) => `configuration: ${key}`),
    ...files.map(({ path, change, what }) => `file ${change} ${path}${what.length > 0 ? ` (${what.join(", ")})` : ""}`),
  ];
  return lines.length > 0 ? lines : ["only times of files, or the configuration's history, differ"];
}
