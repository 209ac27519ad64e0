import { canonicalJson } from "../../oci/canonical-json.ts";
import { hashedRekord } from "../../ledger/signatures/hashed-rekord.ts";

/** What is wrong with an entry of the signature log, by what it says; undefined when nothing: it is a `hashedrekord` in canonical JSON. */
export function checkSignatureEntry(entry: Buffer, index: number): string | undefined {
  const value = parse(entry);
  const { kind, apiVersion } = (value ?? {}) as { readonly kind?: unknown; readonly apiVersion?: unknown };
  const isGood =
    kind === hashedRekord.kind && apiVersion === hashedRekord.version && canonicalJson(value).equals(entry);
  return isGood ? undefined : `has no ${hashedRekord.kind} ${hashedRekord.version} as entry ${index}`;
}

function parse(entry: Buffer): unknown {
  try {
    return JSON.parse(entry.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
