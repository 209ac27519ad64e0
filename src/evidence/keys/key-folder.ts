import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import type { Role } from "../evidence.ts";

/** Where the keys of this installation are: `ROLE.key` (encrypted, mode 0600), `ROLE.pub`, and former ones as `ROLE-ID12.pub`. */
export function keyFolder(ctx: Pick<Context, "home">): string {
  return join(ctx.home, "keys");
}

/** Whose key a file has: a role that makes statements, or `identity`, with which its owner signs in to a controller. */
export type KeyName = Role | "identity";

export function keyPath(ctx: Pick<Context, "home">, role: KeyName): string {
  return join(keyFolder(ctx), `${role}.key`);
}

export function publicKeyPath(ctx: Pick<Context, "home">, role: KeyName): string {
  return join(keyFolder(ctx), `${role}.pub`);
}

/** The digits of a key's id that people are shown. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
