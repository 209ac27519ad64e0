import { textFinder } from "../../ground/text-finder.ts";
import type { ProgramEnd, RunRequest } from "../runtime.ts";
import { demultiplex } from "./demultiplex.ts";

export type Printed = {
  readonly read: () => Pick<ProgramEnd, "output" | "cut" | "isFound">;
  readonly ended: Promise<void>;
};

/** Keeps the end of what a program prints, in little memory. */
export function collectPrinted(stream: AsyncIterable<Uint8Array>, { maxOutput, find }: RunRequest): Printed {
  const finder = textFinder(find);
  let kept: Buffer = Buffer.alloc(0);
  let total = 0;
  const collect = async (): Promise<void> => {
    for await (const piece of demultiplex(stream)) {
      total += piece.length;
      finder.add(piece);
      kept = Buffer.concat([
        kept.subarray(Math.max(0, kept.length + piece.length - maxOutput)),
        piece.subarray(-maxOutput),
      ]);
    }
  };
  // The connection is cut when its time is over: what came until then counts.
  const ended = collect().catch(() => {});
  return {
    ended,
    read: () => ({ output: kept.toString("utf8"), cut: total - kept.length, isFound: finder.isFound() }),
  };
}
