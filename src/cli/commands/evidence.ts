import type { EvidenceItem, TrustedKey } from "../../evidence/evidence.ts";
import { showType } from "../../evidence/statement/statement.ts";
import { summarise } from "../../evidence/statement/summarise.ts";
import type { AttachedEvidence, OtherArtifact } from "../../evidence/statement/read-evidence.ts";
import { shortId } from "../../evidence/keys/key-folder.ts";
import { byLife, isSuperseded } from "../../evidence/verify/order-statements.ts";
import { statementTime } from "../../evidence/verify/statement-time.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Declare, Outcome } from "../command.ts";
import { formatColumns, formatTime } from "../format.ts";
import { listSection } from "../list-section.ts";
import { openAnyImage, type OpenedImage } from "../open-image.ts";
import { plainJson } from "../plain-text.ts";
import { keyOption, readProjectTrust, type TrustOptions } from "../read-project-trust.ts";
import type { RegistryCommandOptions } from "../registry-options.ts";

type Checked = Extract<EvidenceItem, { status: "checked" }>;

type EvidenceOptions = TrustOptions & RegistryCommandOptions & { readonly print?: string; readonly sbom?: string };

/** `ingot evidence IMAGE`: everything that was said about an image, and which of it is to be believed. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the store, oci:FOLDER[:NAME], or REGISTRY/NAME:TAG, which is pulled first")
    .option(...keyOption)
    .option("--print <kind>", "print the checked predicates of this kind (or URI) as JSON, one a line")
    .option(
      "--sbom <format>",
      "print what is in the image, read from its layers now: cyclonedx (1.6) or spdx (2.3), as JSON",
    )
    .option("-f, --file <path>", "the project's ingot.yaml, whose `trust:` counts")
    .option("--insecure", "speak plain HTTP with a registry; loopback registries need no option")
    .action(
      handle<EvidenceOptions, [string]>(async ({ ctx, options }, text) => {
        if (options.sbom !== undefined) return readBill(ctx, text, { ...options, sbom: options.sbom });
        const { readAttached } = await import("../../evidence/statement/read-evidence.ts");
        const { parsePredicateType } = await import("../parse-kind.ts");
        const wanted = options.print === undefined ? undefined : parsePredicateType(options.print);
        const { keys } = await readProjectTrust(ctx, options);
        const opened = await openAnyImage(ctx, text, options);
        const attached = readAttached(opened.layout, opened.image.digest, keys);
        return wanted === undefined ? show(opened, attached, keys) : print(opened, attached.items, wanted);
      }),
    );
};

/** The bill of materials alone; nobody signed it, it is what this Ingot sees. `--print cyclonedx` gives the one that a key answers for. */
async function readBill(
  ctx: Context,
  text: string,
  options: EvidenceOptions & { readonly sbom: string },
): Promise<Outcome> {
  const { canonicalText, parseSbomFormat, readSbom } = await import("../../evidence/sbom/sbom.ts");
  const format = parseSbomFormat(options.sbom);
  const { layout, image } = await openAnyImage(ctx, text, options);
  const document = await readSbom(ctx, { layout, digest: image.digest }, format);
  return { json: document, text: plainJson(canonicalText(document)) };
}

/** The predicates alone, for other programs, the newest last: what is not checked is never among them. */
function print({ name }: OpenedImage, items: readonly EvidenceItem[], wanted: string): Outcome {
  const fitting = items.filter(({ predicateType }) => predicateType === wanted);
  const checked = fitting.filter((item) => item.status === "checked").toSorted(byLife);
  const predicates = checked.map((item) => item.statement.predicate ?? {});
  if (predicates.length > 0) {
    return {
      json: { predicates },
      text: predicates.map((predicate) => plainJson(JSON.stringify(predicate))).join("\n"),
    };
  }
  throw new IngotError("evidence-missing", `no statement ${wanted} about ${name} is signed with a trusted key`, {
    hint: `\`ingot evidence ${name}\` shows all that is attached`,
    details: fitting.slice(0, 5).flatMap((item) => (item.status === "checked" ? [] : [item.reason])),
  });
}

function show({ name, image }: OpenedImage, { items, others }: AttachedEvidence, keys: readonly TrustedKey[]): Outcome {
  const checked = items.filter((item) => item.status === "checked").toSorted(byLife);
  const rest = items.filter((item) => item.status !== "checked");
  return {
    json: { image: image.digest, name, keys: keys.map(withoutPem), statements: items.map(describeItem), others },
    text: [
      `${name}  ${image.digest}`,
      `${countOf(items, others)}; ${describeKeys(keys)}`,
      ...section(
        "checked",
        checked.map((item) => checkedRow(item, checked)),
      ),
      ...section("not to be believed", rest.map(restRow)),
      ...section("other artifacts, which Ingot does not read", others.map(otherRow)),
    ].join("\n"),
  };
}

function describeItem(item: EvidenceItem): object {
  const { manifest, kind, predicateType, status } = item;
  const claim = { manifest, kind, predicateType, status, ...(item.hasLogEntry === true ? { logEntry: true } : {}) };
  if (item.status !== "checked") return { ...claim, reason: item.reason };
  const when = statementTime(item);
  return { ...claim, key: withoutPem(item.key), ...(when === undefined ? {} : { when }), summary: summarise(item) };
}

function withoutPem({ id, role, from }: TrustedKey): object {
  return { id, role, from };
}

function describeKeys(keys: readonly TrustedKey[]): string {
  if (keys.length === 0)
    return "no key is trusted here, so no signature was checked (see `trust:` in ingot.yaml, or --key)";
  const byId = Map.groupBy(keys, ({ id }) => id);
  const list = [...byId].map(([id, same]) => `${shortId(id)} (${same.map(({ role }) => role).join(", ")})`);
  return `signatures were checked with ${list.join(", ")}`;
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  return listSection(title, rows, formatColumns);
}

function countOf(items: readonly EvidenceItem[], others: readonly OtherArtifact[]): string {
  const statements = items.length === 1 ? "1 statement" : `${items.length} statements`;
  if (others.length > 0) return `${statements} and ${others.length} other artifacts are attached`;
  return `${statements} ${items.length === 1 ? "is" : "are"} attached`;
}

function checkedRow(item: Checked, all: readonly Checked[]): readonly string[] {
  const when = statementTime(item);
  const parts = [
    summarise(item),
    when === undefined ? "" : formatTime(when),
    isSuperseded(item, all) ? "a later one stands in its place" : "",
    // Not "logged": whether the entry is true, this command does not know.
    item.hasLogEntry === true ? "carries a log entry" : "",
  ];
  const said = parts.filter((part) => part !== "").join("; ");
  return [nameOf(item), `${item.key.role} ${shortId(item.key.id)}`, said];
}

function restRow(item: Exclude<EvidenceItem, { status: "checked" }>): readonly string[] {
  return [nameOf(item), shortDigest(item.manifest), `${item.status}: ${item.reason}`];
}

function otherRow({ artifactType, manifest }: OtherArtifact): readonly string[] {
  return [showType(artifactType), shortDigest(manifest)];
}

function nameOf({ kind, predicateType }: EvidenceItem): string {
  return kind === "other" ? showType(predicateType) : kind;
}
