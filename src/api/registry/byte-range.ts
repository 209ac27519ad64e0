/** A part of a file, both ends within. */
export type ByteRange = { readonly first: number; readonly last: number };

/**
 * The one range that a `Range` header asks for (RFC 9110, section 14.2). Undefined: everything, also for several ranges, other units and what cannot be understood, which a server may ignore.
 * `beyond`: nothing of it is in the file.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | "beyond" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "beyond" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "beyond" : { first, last };
}
