import { createHmac } from "node:crypto";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import type { WebhookSettings } from "../settings.ts";

/** Standard Webhooks 1.0, "Signature scheme": HMAC-SHA256 of id, time and body, so that none of them can be another. */
export function signWebhook(
  key: Buffer,
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** `whsec_` and base64, as the standard writes keys, at least 24 bytes of it. Throws `settings-malformed`, `key-exposed`. */
export function readWebhookKey({ name, secretFile }: Pick<WebhookSettings, "name" | "secretFile">): Buffer {
  const text = readPrivateFile(secretFile)?.trim();
  const key = text?.startsWith("whsec_") === true ? Buffer.from(text.slice(6), "base64") : Buffer.alloc(0);
  if (key.length >= 24 && key.length <= 64) return key;
  const why = text === undefined ? "is not there" : "holds no key: whsec_ and 24 to 64 bytes in base64";
  throw new IngotError("settings-malformed", `the secret of the webhook ${name}, ${secretFile}, ${why}`, {
    hint: `(umask 077; echo "whsec_$(openssl rand -base64 32)" > ${secretFile})`,
  });
}
