import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";

const loginSchema = z.strictObject({
  /** As tokens have it as their audience: without a slash at the end. */
  url: z.string(),
  /** `user:alice`. */
  principal: z.string(),
  /** How tokens are had: by the key in `keys/identity.key`, or by an ID token of an issuer. */
  by: z.enum(["key", "id-token"]),
  /** Path of a file that has a fresh ID token whenever one is needed, as CI systems keep one. */
  tokenFile: z.string().exactOptional(),
  /** PEM, where the controller's certificate is of an authority of its own. */
  ca: z.string().exactOptional(),
});

/** A controller that somebody is logged in to. */
export type Login = z.infer<typeof loginSchema>;

const fileSchema = z.strictObject({ logins: z.array(loginSchema).max(1000) });

/** The controllers of `$INGOT_HOME/login.json`; the one that was logged in to last comes first. Throws `not-logged-in` where the file is of no use, `key-exposed`. */
export function readLogins(ctx: Pick<Context, "home">): readonly Login[] {
  const path = loginPath(ctx);
  const text = readPrivateFile(path);
  if (text === undefined) return [];
  const parsed = fileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.logins;
  throw new IngotError("not-logged-in", `${path} is not what \`ingot login\` writes`, {
    hint: `remove it, then: ingot login URL`,
    cause: parsed.error,
  });
}

/** Puts a login first, in the place of an earlier one of the same controller. */
export function writeLogin(ctx: Pick<Context, "home">, login: Login): void {
  const others = readLogins(ctx).filter(({ url }) => url !== login.url);
  writeFileAtomic(loginPath(ctx), `${JSON.stringify({ logins: [login, ...others] }, null, 2)}\n`, { mode: 0o600 });
}

function loginPath(ctx: Pick<Context, "home">): string {
  return join(ctx.home, "login.json");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reported by the schema, which wants an object.
    return undefined;
  }
}
