import { IngotError } from "../../ground/error.ts";

/** One signature's outcome; the order of `severity` decides which one a person is told of when none is good. */
export type Verdict =
  | { readonly kind: "good"; readonly fingerprint: string }
  | { readonly kind: "bad" | "expired" | "revoked" | "weak" | "future" | "unknown"; readonly keyId: string };

export const severity = ["bad", "weak", "revoked", "expired", "future", "unknown"] as const;

/** The error for a text without one good signature. `from` names the keyring's files, `where` the text's. */
export function refusal(
  verdicts: readonly Verdict[],
  place: { readonly from: string; readonly where: string },
): IngotError {
  const kind = severity.find((candidate) => verdicts.some((verdict) => verdict.kind === candidate));
  const ids = verdicts.flatMap((verdict) => (verdict.kind !== "good" && verdict.kind === kind ? [verdict.keyId] : []));
  return describe(kind, { ids: [...new Set(ids)].join(", "), ...place });
}

function describe(
  kind: Exclude<Verdict["kind"], "good"> | undefined,
  { ids, from, where }: { ids: string; from: string; where: string },
): IngotError {
  switch (kind) {
    case "bad":
      return badSignature(`the signature of ${where} by key ${ids} does not fit its content`);
    case "weak":
      return badSignature(`${where} is signed by key ${ids} over a hash weaker than SHA-256, which can be forged`);
    case "revoked":
      return new IngotError("archive-key-expired", `${where} is signed by key ${ids}, which is revoked`, newKeyring);
    case "expired":
      return new IngotError("archive-key-expired", `${where} is signed by key ${ids}, which has expired`, newKeyring);
    case "future":
      return new IngotError("archive-from-future", `${where} is signed at a time in the future, by key ${ids}`, {
        hint: "check this host's clock",
      });
    case "unknown":
      return new IngotError("archive-key-unknown", `${where} is signed by key ${ids}, and ${from} has no such key`, {
        hint: "if you trust that key, name a keyring file that has it by keyring: in ingot.yaml, or upgrade debian-archive-keyring",
      });
    case undefined:
      return badSignature(`the signature block of ${where} holds no signature`);
  }
}

const newKeyring = {
  hint: "apt-get install debian-archive-keyring for the present keys, or name a newer keyring: in ingot.yaml",
};

export function badSignature(message: string, cause?: unknown): IngotError {
  return new IngotError("archive-signature-bad", message, {
    cause,
    hint: "the mirror or someone before it changes files: try another mirror",
  });
}
