import { drift, type Verdict } from "./finding.ts";

export type SeenFile = {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  /** Its first bytes. */
  readonly head: Buffer;
};

/** A file in a folder that the instance may write to: nothing of an image is ever put there to be run. */
export function judgeFile({ path, mode, head }: SeenFile): readonly Verdict[] {
  const what = kindOf(head) ?? ((mode & 0o111) === 0 ? undefined : "a file with permission to be executed");
  return what === undefined ? [] : [drift("dropped-program", path, `${what} was written to ${path}`)];
}

function kindOf(head: Buffer): string | undefined {
  if (head.toString("latin1", 0, 4) === "\x7fELF") return "a program or library";
  return head.toString("latin1", 0, 2) === "#!" ? "a script" : undefined;
}
