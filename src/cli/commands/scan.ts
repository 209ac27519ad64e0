import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ScanVerdict } from "../../evidence/scan/fail-on.ts";
import type { ScanResult } from "../../evidence/scan/finding.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { assertWritable } from "../assert-writable.ts";
import type { Declare, Outcome } from "../command.ts";
import type { ScanOptions } from "../scan/scan-options.ts";

const collect = (value: string, former: readonly string[] = []): readonly string[] => [...former, value];

const failOnHelp =
  "exit 4 when a finding that no exception covers is: critical, high, medium, low, negligible (that and worse), unknown (unrated; no severity " +
  "includes it), fixable, kev (known to be exploited), fix-age=30d (fixed for so long); joined by + all must hold, several options or a comma: any";

/** `ingot scan IMAGE`: what is wrong with an image, by every source that is there, and what to do about it. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "a name, a digest, oci:FOLDER[:NAME], or a registry's reference, which is pulled first")
    .option("--fail-on <condition>", failOnHelp, collect)
    .option(
      "--vex <file>",
      "exceptions as OpenVEX; vex/*.json beside ingot.yaml is always read; may be repeated",
      collect,
    )
    .option("--vex-out <file>", "write the findings as OpenVEX, as a start for exceptions; needs --author")
    .option("--author <name>", "who answers for the statements of --vex-out")
    .option("--role <role>", "what that person does")
    .option("--evidence", "show what each finding rests on, in the source's own words")
    .option(
      "--sarif <file>",
      "write the findings as SARIF 2.1.0; its folder is made where it is not there, as for every report",
    )
    .option("-o, --output <file>", "write the report (with --json the JSON) to a file")
    .option("--no-security-suite", "do not ask the mirror's security suite")
    .option("--no-feeds", "do not use the feeds that were added")
    .option(
      "--key <file>",
      "also trust this public key for attached exceptions: FILE or FILE=scanner; may be repeated",
      collect,
    )
    .option("--no-sign", "do not sign the result and attach it to the image")
    .option("--passphrase-file <file>", "read the passphrase of the scanner's key from this file")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--insecure", "speak plain HTTP to the registry; loopback registries need no option")
    .action(handle<ScanOptions, [string]>(({ ctx, options }, image) => scan(ctx, image, options)));
};

async function scan(ctx: Context, text: string, options: ScanOptions & { readonly json?: boolean }): Promise<Outcome> {
  const { judgeScan, noteUnrated, parseFailOn } = await import("../../evidence/scan/fail-on.ts");
  const rules = parseFailOn(options.failOn ?? []);
  assertVexOut(ctx, options);
  // Before the work: a report that cannot be written shall not cost a scan.
  assertWritable(ctx, [
    { option: "--vex-out", file: options.vexOut },
    { option: "--sarif", file: options.sarif },
    { option: "--output", file: options.output },
  ]);
  const started = ctx.now();
  const { findScannedImage } = await import("../scan/find-scanned-image.ts");
  const { gatherKnowledge } = await import("../scan/gather-knowledge.ts");
  const { findTrustedProject } = await import("../read-project-trust.ts");
  const project = await findTrustedProject(ctx, options);
  const found = await findScannedImage(ctx, text, options);
  const { openScanner, signScan } = await import("../scan/sign-scan.ts");
  const scanner = await openScanner(ctx, { found, project }, options);
  const { readInventory } = await import("../../evidence/inventory/read-inventory.ts");
  const { scanImage } = await import("../../evidence/scan/scan-image.ts");
  const image = { layout: found.layout, digest: found.image.digest };
  const inventory = await readInventory(ctx, image);
  const knowledge = await gatherKnowledge(ctx, { found, inventory, project }, options);
  const named = found.name === undefined ? {} : { name: found.name };
  const result = await scanImage(ctx, { ...image, ...named, inventory }, knowledge);
  const verdict = judgeScan(result, rules);
  const signed = await signScan(ctx, { scanner, found, result, verdict, started });
  const files = await writeReports(ctx, result, options);
  const unrated = noteUnrated(result, rules);
  const more = [
    ...(unrated === undefined ? [] : [unrated]),
    ...(signed.note === undefined ? [] : [signed.note]),
    ...(signed.manifest === undefined ? [] : [`signed: ${signed.manifest}`]),
  ];
  const statement = signed.manifest === undefined ? {} : { statement: signed.manifest };
  return finish(
    ctx,
    { asked: text, result, verdict, extra: { ...statement, ...(files.length === 0 ? {} : { files }) }, more },
    options,
  );
}

type Finished = {
  readonly asked: string;
  readonly result: ScanResult;
  readonly verdict: ScanVerdict;
  readonly extra: object;
  readonly more: readonly string[];
};

async function finish(
  ctx: Context,
  { asked, result, verdict, extra, more }: Finished,
  options: ScanOptions & { readonly json?: boolean },
): Promise<Outcome> {
  const { formatScan } = await import("../scan/scan-table.ts");
  const json = { ...result, verdict, ...extra };
  const text = formatScan(result, verdict, { asked, more, evidence: options.evidence === true });
  const exit = verdict.failed ? ({ exitCode: 4 } as const) : {};
  if (options.output === undefined) return { json, text, ...exit };
  const { plainText } = await import("../plain-text.ts");
  const { writeFileAtomic } = await import("../../ground/atomic-file.ts");
  const content = options.json === true ? JSON.stringify(json, null, 2) : plainText(text);
  writeFileAtomic(resolve(ctx.cwd, options.output), `${content}\n`);
  // The last lines say how it went: the summary, and what failed.
  const summary = text.split("\n").slice(-1 - verdict.reasons.length);
  return { json, text: [`wrote ${options.output}`, ...summary].join("\n"), ...exit };
}

/** The files that were written, as they were asked for. */
async function writeReports(ctx: Context, result: ScanResult, options: ScanOptions): Promise<readonly string[]> {
  const { writeFileAtomic } = await import("../../ground/atomic-file.ts");
  const write = (path: string, document: object): string => {
    writeFileAtomic(resolve(ctx.cwd, path), `${JSON.stringify(document, null, 2)}\n`);
    return path;
  };
  const files: string[] = [];
  if (options.sarif !== undefined) {
    const { makeSarif } = await import("../../evidence/scan/sarif.ts");
    const { readVersion } = await import("../../ground/version.ts");
    files.push(write(options.sarif, makeSarif(result, { version: readVersion() })));
  }
  if (options.vexOut !== undefined && options.author !== undefined) {
    const { writeVexDocument } = await import("../../evidence/vex/write-document.ts");
    const { author, role } = options;
    files.push(write(options.vexOut, writeVexDocument(result, { author, ...(role === undefined ? {} : { role }) })));
  }
  return files;
}

/** An OpenVEX document without an author is none, and one that is there holds what people wrote. */
function assertVexOut(ctx: Context, { vexOut, author, role }: ScanOptions): void {
  if (vexOut === undefined) {
    if ((author ?? role) === undefined) return;
    throw new IngotError("usage", "--author and --role are for --vex-out", { hint: "add --vex-out FILE" });
  }
  if ((author ?? "").trim() === "") {
    throw new IngotError("usage", "--vex-out needs to know who answers for the document", {
      hint: `add --author "NAME <MAIL>"`,
    });
  }
  if (!existsSync(resolve(ctx.cwd, vexOut))) return;
  throw new IngotError("usage", `--vex-out would overwrite ${vexOut}, which may hold exceptions that people wrote`, {
    hint: "name a new file, or remove that one first",
  });
}
