import type { SeenProcess } from "../../guard/guard.ts";
import { oneLine } from "../release/one-line.ts";

/** A chain of processes as a tree, the first one at the top: each line what it runs, with its number and user. The last is the one that was found. */
export function describeChain(chain: readonly SeenProcess[]): readonly string[] {
  return chain.toReversed().map((process, depth) => `${branch(depth)}${describe(process)}`);
}

function branch(depth: number): string {
  return depth === 0 ? "" : `${"   ".repeat(depth - 1)}└─ `;
}

function describe({ pid, uid, executable, command }: SeenProcess): string {
  const words = oneLine(command.join(" "));
  const program = executable === "" ? "(gone)" : oneLine(executable);
  const said = words === "" || words === program ? "" : `  ${clip(words)}`;
  return `${program}${said}  (pid ${pid}${uid === undefined ? "" : `, user ${uid}`})`;
}

function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
