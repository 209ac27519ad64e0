import type { FileChange, ImageDiff } from "../../image/image-diff.ts";
import type { Declare } from "../command.ts";
import { formatBytes } from "../format.ts";

/** `ingot diff A B`: what an instance of B would see otherwise than one of A. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<from>", "an image of the store: a name or a digest")
    .argument("<to>", "the image to compare it with")
    .action(
      handle<object, [string, string]>(async ({ ctx }, from, to) => {
        const { compareImages } = await import("../../image/compare-images.ts");
        const { findImageName } = await import("../find-image-name.ts");
        const diff = await compareImages(ctx, await findImageName(ctx, from), await findImageName(ctx, to));
        return { json: diff, text: describe(diff) };
      }),
    );
};

function describe(diff: ImageDiff): string {
  if (diff.from === diff.to) return "the same image";
  return [
    `from ${diff.from}`,
    `to   ${diff.to}`,
    ...section("packages", describePackages(diff.packages)),
    ...section("files", diff.files.map(describeFile)),
    ...section(
      "configuration",
      diff.config.map((item) => `${item.key}: ${show(item.from)} → ${show(item.to)}`),
    ),
    `size: ${formatBytes(diff.size.from)} → ${formatBytes(diff.size.to)}; an update sends ${formatBytes(diff.size.sent)}`,
  ].join("\n");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`${title}: no difference`] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function describePackages(packages: ImageDiff["packages"]): readonly string[] {
  return [
    ...packages.added.map((item) => `+ ${item.name} ${item.version}`),
    ...packages.removed.map((item) => `- ${item.name} ${item.version}`),
    ...packages.changed.map((item) => `~ ${item.name} ${item.from} → ${item.to}`),
  ];
}

const signs = { added: "+", removed: "-", changed: "~" } as const;

function describeFile(file: FileChange): string {
  const what = file.what.length === 0 ? "" : ` (${file.what.join(", ")})`;
  return `${signs[file.change]} ${file.path}${what}`;
}

function show(value: unknown): string {
  return value === null ? "(none)" : JSON.stringify(value);
}
