import { hash, timingSafeEqual } from "node:crypto";
import type { Context } from "../../ground/context.ts";

/** Crockford's base 32: no letter that is read as another. */
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const idLength = 5;
const length = 25;
const pattern = new RegExp(`^[${digits}]{${length}}$`);

/** A one-time code: 25 digits in groups of five. The first five say which code it is and are no secret; the others hold 100 bits. */
export function makeEnrolmentCode(ctx: Pick<Context, "randomBytes">): string {
  const code = [...ctx.randomBytes(length)].map((byte) => digits[byte & 31]).join("");
  return (code.match(/.{5}/g) ?? []).join("-");
}

/** `id`: the first digits; `hash`: hex SHA-256 of all of them. Undefined for what is no code. */
export function readEnrolmentCode(code: string): { readonly id: string; readonly hash: string } | undefined {
  const plain = code.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (!pattern.test(plain)) return undefined;
  return { id: plain.slice(0, idLength), hash: hash("sha256", plain, "hex") };
}

/** Takes as long for a wrong code as for one that is nearly right. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")];
  return a.length === b.length && timingSafeEqual(a, b);
}
