import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { roles, type Role, type TrustedKey } from "../evidence.ts";
import { parsePublicKey } from "./public-key.ts";

/** `trust:` of ingot.yaml: paths of public keys by role. */
export type Trust = Readonly<Partial<Record<Role, readonly string[]>>>;

/**
 * The keys whose word counts. `extra`: files as `--key FILE[=ROLE]` gives them; without a role such a key counts for every role. Throws
 * `key-missing`, `key-malformed`, `key-unsuitable`.
 */
export function readTrust(
  ctx: Pick<Context, "cwd">,
  trust: Trust,
  extra: readonly string[] = [],
): readonly TrustedKey[] {
  const ofProject = roles.flatMap((role) =>
    (trust[role] ?? []).map((path) => ({ path, role, named: `which trust: of ingot.yaml names for the ${role}` })),
  );
  const given = extra.map(parseKeyOption).flatMap(ofOption);
  const keys = [...ofProject, ...given].map((one) => readKey({ ...one, path: resolve(ctx.cwd, one.path) }));
  // The same key twice for one role is one key.
  return [...new Map(keys.map((key) => [`${key.role} ${key.id}`, key])).values()];
}

/** `FILE` or `FILE=ROLE`. Throws `usage`. */
export function parseKeyOption(text: string): { readonly path: string; readonly role?: Role } {
  const at = text.lastIndexOf("=");
  if (at === -1) return { path: text };
  const word = text.slice(at + 1);
  const role = roles.find((known) => known === word);
  if (role !== undefined) return { path: text.slice(0, at), role };
  // A path may hold "="; a word that looks like a role and is none must not become a path that gives the key every role.
  if (!/^[a-z]+$/.test(word)) return { path: text };
  throw new IngotError("usage", `expected a role after = in ${text}, got ${word}`, {
    hint: `roles: ${roles.join(", ")}`,
  });
}

/** `named`: who named the file, and for what; for people. */
type NamedKey = { readonly path: string; readonly role: Role; readonly named: string };

function ofOption({ path, role }: ReturnType<typeof parseKeyOption>): readonly NamedKey[] {
  if (role !== undefined) return [{ path, role, named: `which --key names for the ${role}` }];
  return roles.map((each) => ({ path, role: each, named: "which --key names for every role" }));
}

function readKey(named: NamedKey): TrustedKey {
  const { path, role } = named;
  const { id, pem } = parsePublicKey(readText(named), path);
  return { id, role, pem, from: path };
}

function readText({ path, named }: NamedKey): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new IngotError("key-missing", `the public key ${path}, ${named}, is not there`, {
      hint: "correct `trust:` in ingot.yaml or --key; `ingot key public ROLE` prints a key of this host",
      cause,
    });
  }
}
