/** A place in a text: from 1, columns in characters. */
export type TextPlace = { readonly line: number; readonly column: number };

/** The line and column of an offset in UTF-16 units. */
export function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: Array.from(before.slice(before.lastIndexOf("\n") + 1)).length + 1 };
}

/** Cedar counts bytes of UTF-8: the same offset in UTF-16 units. */
export function fromByteOffset(text: string, bytes: number): number {
  return Buffer.from(text, "utf8").subarray(0, bytes).toString("utf8").length;
}
