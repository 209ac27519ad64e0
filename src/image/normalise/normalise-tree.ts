import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { normalisationRules, type NormalisationRule } from "./rules.ts";

export type NormaliseOptions = {
  /** Seconds. */
  readonly epoch: number;
  /** Whether a package brings the folder; these stay, empty. */
  readonly isShipped: (path: string) => boolean;
};

/** Applies the table to a tree on disk. Follows no symlink. */
export function normaliseTree(root: string, options: NormaliseOptions): void {
  for (const rule of normalisationRules)
    for (const path of findPaths(root, rule.path)) apply(rule, { root, path, options });
}

function apply(rule: NormalisationRule, target: { root: string; path: string; options: NormaliseOptions }): void {
  const path = `${target.root}/${target.path}`;
  if (rule.action === "remove") return remove(target.root, target.path, target.options);
  if (!lstatSync(path).isFile()) return;
  const text = readFileSync(path, "utf8");
  const wanted = rule.action === "empty" ? "" : clampShadow(text, target.options.epoch);
  if (wanted !== text) writeFileSync(path, wanted);
}

function remove(root: string, path: string, options: NormaliseOptions): void {
  const isFolder = lstatSync(`${root}/${path}`).isDirectory();
  if (!isFolder || !options.isShipped(path)) return rmSync(`${root}/${path}`, { recursive: true, force: true });
  for (const name of readdirSync(`${root}/${path}`)) remove(root, `${path}/${name}`, options);
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
