import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { normalisationRules, type NormalisationRule } from "./rules.ts";

/** Applies the table to a tree on disk. `epoch` in seconds. Follows no symlink. */
export function normaliseTree(root: string, epoch: number): void {
  for (const rule of normalisationRules)
    for (const path of findPaths(root, rule.path)) apply(rule, `${root}/${path}`, epoch);
}

function apply(rule: NormalisationRule, path: string, epoch: number): void {
  if (rule.action === "remove") return rmSync(path, { recursive: true, force: true });
  if (!lstatSync(path).isFile()) return;
  const text = readFileSync(path, "utf8");
  const wanted = rule.action === "empty" ? "" : clampShadow(text, epoch);
  if (wanted !== text) writeFileSync(path, wanted);
}

/** shadow(5): the third field is the day of the last change, counted from 1970. */
export function clampShadow(text: string, epoch: number): string {
  const day = Math.floor(epoch / 86_400);
  return text.replace(/^((?:[^:\n]*:){2})([0-9]+)(?=:)/gm, (line, head: string, changed: string) =>
    Number(changed) > day ? `${head}${day}` : line,
  );
}

/** The paths of the tree that a pattern stands for. */
function findPaths(root: string, pattern: string): readonly string[] {
  let found = [""];
  for (const part of pattern.split("/")) {
    found = found.flatMap((folder) => matchPart(root, folder, part));
    if (found.length === 0) return [];
  }
  return found;
}

function matchPart(root: string, folder: string, part: string): readonly string[] {
  const below = (name: string) => (folder === "" ? name : `${folder}/${name}`);
  if (!lstatSync(`${root}/${folder}`, { throwIfNoEntry: false })?.isDirectory()) return [];
  if (!part.includes("*"))
    return lstatSync(`${root}/${below(part)}`, { throwIfNoEntry: false }) === undefined ? [] : [below(part)];
  const [before = "", after = ""] = part.split(/\*+/);
  const names = readdirSync(`${root}/${folder}`).filter((name) => name.startsWith(before) && name.endsWith(after));
  return names.map(below);
}
