import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { hashedRekord } from "../../ledger/signatures/hashed-rekord.ts";

/** What is wrong with an entry of the signature log, by what it says; undefined when nothing: it is a `hashedrekord` in canonical JSON. */
export function checkSignatureEntry(entry: Buffer, index: number): string | undefined {
  const value = jsonOrUndefined(entry.toString());
  const { kind, apiVersion } = (value ?? {}) as { readonly kind?: unknown; readonly apiVersion?: unknown };
  const isGood =
    kind === hashedRekord.kind && apiVersion === hashedRekord.version && canonicalJson(value).equals(entry);
  return isGood ? undefined : `has no ${hashedRekord.kind} ${hashedRekord.version} as entry ${index}`;
}
