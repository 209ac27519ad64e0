/** Where something is inside the parsed file: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** A mistake, before its place in the text is looked up. It reads "expected …, got …; did you mean "…"?". */
export type Finding = {
  readonly path: Path;
  /** Whether the key or the value at `path` is wrong; the place that is shown is its. */
  readonly on: "key" | "value";
  readonly expected: string;
  /** What is there instead; by default the value as it is written. */
  readonly got?: string | undefined;
  /** The nearest right word; in an object where it is no text and so stands without quotes. */
  readonly meant?: string | { readonly plain: string } | undefined;
  /** The key that `path` lacks, where that is the mistake. */
  readonly missing?: string;
};

/** A line and column of the file, both from 1. */
export type Place = { readonly line: number; readonly column: number };

/** A mistake with its place; `text` is everything after `file:line:column: `. */
export type Mistake = Place & { readonly text: string };

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
