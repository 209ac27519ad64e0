import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import { parseLogins, type Login } from "./parse-login.ts";

export type { Login } from "./parse-login.ts";

/** The controllers of `$INGOT_HOME/login.json`; the one that was logged in to last comes first. Throws `not-logged-in` where the file is of no use, `key-exposed`. */
export function readLogins(ctx: Pick<Context, "home">): readonly Login[] {
  const path = loginPath(ctx);
  const text = readPrivateFile(path);
  if (text === undefined) return [];
  const logins = parseLogins(text);
  if (logins !== undefined) return logins;
  throw new IngotError("not-logged-in", `${path} is not what \`ingot login\` writes`, {
    hint: `remove it, then: ingot login URL`,
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
