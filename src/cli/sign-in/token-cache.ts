import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { readPrivateFile } from "../../ground/private-file.ts";
import { isRecord } from "./parse-login.ts";

/** Whose token it is, where, and what for. */
export type TokenPlace = { readonly url: string; readonly principal: string; readonly environment?: string };

/** Seconds that a token must still be good for, so that it does not end on the way. */
const margin = 60;

/** A token that is good for a while yet, so that not every command asks for a passphrase. Throws `key-exposed` where others may read it. */
export function cachedToken(ctx: Pick<Context, "home" | "now">, place: TokenPlace): string | undefined {
  const text = readPrivateFile(pathOf(ctx, place));
  // What is not as it was written is as if there were none: it is a cache.
  const kept = text === undefined ? undefined : jsonOrUndefined(text);
  if (!isRecord(kept) || typeof kept.token !== "string" || typeof kept.expires !== "number") return undefined;
  return kept.expires - margin > ctx.now().getTime() / 1000 ? kept.token : undefined;
}

export function cacheToken(
  ctx: Pick<Context, "home">,
  place: TokenPlace,
  issued: { readonly token: string; readonly expires: number },
): void {
  mkdirSync(folderOf(ctx), { recursive: true, mode: 0o700 });
  const { token, expires } = issued;
  writeFileAtomic(pathOf(ctx, place), JSON.stringify({ token, expires }), { mode: 0o600, durable: false });
}

/** Forgets every token: after signing in anew, or with another key, none of them may be used. */
export function forgetTokens(ctx: Pick<Context, "home">): void {
  rmSync(folderOf(ctx), { recursive: true, force: true });
}

function folderOf(ctx: Pick<Context, "home">): string {
  return join(ctx.home, "cache/tokens");
}

function pathOf(ctx: Pick<Context, "home">, { url, principal, environment = "" }: TokenPlace): string {
  const name = createHash("sha256").update([url, principal, environment].join("\n")).digest("hex");
  return join(folderOf(ctx), `${name}.json`);
}
