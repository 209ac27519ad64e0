import type { Finding, ScanResult } from "../../evidence/scan/finding.ts";
import { isSuppressed } from "../../evidence/scan/suppressed.ts";

/** What a person does next, as commands where there is one. `asked`: the image as that person called it. */
export function adviseOnScan(result: ScanResult, asked: string = result.name ?? result.image): readonly string[] {
  const counting = result.findings.filter((finding) => !isSuppressed(finding));
  return [
    ...adviseOnExploited(counting),
    ...adviseOnFixes(counting, result),
    ...adviseOnEnd(counting),
    ...adviseOnOpen(counting, asked),
  ];
}

function adviseOnExploited(findings: readonly Finding[]): string[] {
  const exploited = findings.filter(({ knownExploited }) => knownExploited !== undefined);
  if (exploited.length === 0) return [];
  return [`first what is being exploited: ${listIds(exploited)}`];
}

function adviseOnFixes(findings: readonly Finding[], { name }: ScanResult): string[] {
  const fixed = findings.filter(({ state }) => state === "fixed");
  const [debian, language] = [fixed.filter(isDebian), fixed.filter((finding) => !isDebian(finding))];
  return [
    ...(debian.length === 0 ? [] : [`${count(debian, "has", "have")} a fix in Debian: ${updateCommand(name)}`]),
    ...(language.length === 0 ? [] : [`${count(language, "has", "have")} a fix upstream: ${listUpdates(language)}`]),
  ];
}

/** `shop/web` is how an image of a project is called; another's image is updated by who makes it. */
function updateCommand(name: string | undefined): string {
  const [, short] = /^[a-z0-9-]+\/([a-z0-9-]+)$/.exec(name ?? "") ?? [];
  const update = "ingot lock --update --security && ingot build";
  return short === undefined
    ? `${update}, where Ingot casts this image; else a newer one of its maker`
    : `${update} ${short}`;
}

function adviseOnEnd(findings: readonly Finding[]): string[] {
  const ended = findings.filter(({ state }) => state === "end-of-life");
  if (ended.length === 0) return [];
  const names = [...new Set(ended.map((finding) => finding.package.name))];
  return [`nobody looks after ${listNames(names)} any more (end of life): replace it, or move to a newer release`];
}

function adviseOnOpen(findings: readonly Finding[], asked: string): string[] {
  const open = findings.filter(({ state }) => state !== "fixed" && state !== "end-of-life");
  if (open.length === 0) return [];
  return [
    `${count(open, "has", "have")} no fix yet: take the package out, or say why it may stay: ingot scan ${asked} --vex-out vex/start.json --author NAME`,
  ];
}

function isDebian(finding: Finding): boolean {
  return finding.package.ecosystem === "deb";
}

function count(findings: readonly Finding[], one: string, many: string): string {
  return findings.length === 1 ? `1 finding ${one}` : `${findings.length} findings ${many}`;
}

function listIds(findings: readonly Finding[]): string {
  return listNames([...new Set(findings.map(({ id }) => id))]);
}

function listUpdates(findings: readonly Finding[]): string {
  const updates = findings.map(({ package: found, fixedVersion }) => `${found.name} ${fixedVersion ?? ""}`.trim());
  return listNames([...new Set(updates)]);
}

function listNames(names: readonly string[]): string {
  const plain = names.map((name) => name.replaceAll(/\s+/g, " "));
  return plain.slice(0, 5).join(", ") + (plain.length > 5 ? ` and ${plain.length - 5} more` : "");
}
