/**
 * Whether the bytes are an ECDSA-Sig-Value of P-256: a SEQUENCE of two positive INTEGERs of at most 32 bytes, each in its shortest form, and nothing after
 * it (X.690, section 10: there is one DER form of a value).
 */
export function isDerSignature(bytes: Buffer): boolean {
  if (bytes[0] !== sequence || bytes[1] !== bytes.length - 2) return false;
  const first = integerEnd(bytes, 2);
  return first !== undefined && integerEnd(bytes, first) === bytes.length;
}

const sequence = 0x30;
const integer = 0x02;

/** Where the integer at `at` ends; undefined where there is none of a right form. */
function integerEnd(bytes: Buffer, at: number): number | undefined {
  const length = bytes[at + 1];
  const [first, next] = [bytes[at + 2], bytes[at + 3]];
  if (bytes[at] !== integer || length === undefined || first === undefined) return undefined;
  // 33: a number whose highest bit is set gets a zero before it, for it is not negative.
  if (length < 1 || length > 33 || first >= 0x80) return undefined;
  if (first === 0 && (length === 1 || (next ?? 0) < 0x80)) return undefined;
  const end = at + 2 + length;
  return end <= bytes.length ? end : undefined;
}
