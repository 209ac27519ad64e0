/**
 * JSON as every verifier reads it: UTF-8 throughout, and no byte order mark, which other verifiers refuse (RFC 8259, section 8.1). Undefined for what is none: the
 * caller's schema wants an object, and its caller says what an unreadable one is.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
