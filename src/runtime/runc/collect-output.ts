import { Socket } from "node:net";
import { textFinder } from "../../ground/text-finder.ts";

export type Collected = {
  /** The last bytes that were printed. */
  readonly output: string;
  /** Bytes printed before those. */
  readonly cut: number;
  readonly isFound: boolean;
};

export type OutputCollector = {
  readonly read: () => Collected;
  /** All was read: the last process that could print is gone. */
  readonly ended: Promise<void>;
  readonly close: () => void;
};

/** Keeps the end of what comes out of a pipe in little memory, however much it is: a program may print for as long as its time lasts. Closes `pipe` at the end. */
export function collectOutput(
  pipe: number,
  options: { readonly most: number; readonly find?: string },
): OutputCollector {
  const { most, find } = options;
  let kept = Buffer.alloc(0);
  let total = 0;
  const finder = textFinder(find);
  const stream = new Socket({ fd: pipe, readable: true, writable: false });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  stream.on("data", (chunk: Buffer) => {
    total += chunk.length;
    finder.add(chunk);
    kept = Buffer.concat([kept.subarray(Math.max(0, kept.length + chunk.length - most)), chunk.subarray(-most)]);
  });
  stream.on("close", resolve);
  stream.on("error", reject);
  const read = (): Collected => {
    return { output: kept.toString("utf8"), cut: total - kept.length, isFound: finder.isFound() };
  };
  return { read, ended, close: () => stream.destroy() };
}
