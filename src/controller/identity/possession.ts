import { hash } from "node:crypto";
import { parsePublicKey } from "../../evidence/keys/public-key.ts";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import type { KeyUse, RegisteredKey } from "../events/identity-events.ts";
import { verifyOwnJwt } from "./client-assertion.ts";

/** A public key that somebody offers. `proof`: a JWT that the key itself signed (`signPossession` of the client). */
export type OfferedKey = { readonly pem: string; readonly use: KeyUse; readonly proof: string };

/**
 * What a proof is about, beside the key: hex SHA-256 of the enrolment's whole code, or of the id of the key that is replaced. A proof that somebody made for one occasion or
 * controller is of no use for another.
 */
export type Occasion = string;

/** The key, once it is proven that who offers it has its private half. Throws `assertion-invalid`, `controller-mismatch`, `key-malformed`, `key-unsuitable`. */
export async function readOfferedKey(
  controller: Controller,
  { pem, use, proof }: OfferedKey,
  occasion: Occasion,
): Promise<RegisteredKey> {
  const key = parsePublicKey(pem, `the key for ${use}`);
  const { payload } = await verifyOwnJwt(controller, proof, () => key);
  if (payload.sub === key.id && payload.use === use && payload.occasion === occasion) return { ...key, use };
  throw new IngotError("assertion-invalid", `the key for ${use} has not signed that it is registered for that now`, {
    hint: "run the same command again",
  });
}

/** The occasion of replacing a key. */
export function replacingOf(keyId: string): Occasion {
  return hash("sha256", `replaces ${keyId}`, "hex");
}
