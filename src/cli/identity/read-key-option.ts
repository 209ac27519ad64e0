import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parsePublicKey } from "../../evidence/keys/public-key.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { parseRole } from "../parse-role.ts";

/** `--key FILE=USE`: a public key, and what it is for. Throws `usage`, `key-missing`, `key-malformed`, `key-unsuitable`. */
export function readKeyOption(ctx: Pick<Context, "cwd">, text: string): { readonly pem: string; readonly use: string } {
  const at = text.lastIndexOf("=");
  if (at <= 0) {
    throw new IngotError("usage", `expected FILE=USE, got ${JSON.stringify(text)}`, {
      hint: "such as ci.pub=builder; USE is identity or a role: builder, scanner, tester, approver, rebuilder",
    });
  }
  const word = text.slice(at + 1);
  const use = word === "identity" ? word : parseRole(word);
  const path = resolve(ctx.cwd, text.slice(0, at));
  return { pem: parsePublicKey(read(path), path).pem, use };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new IngotError("key-missing", `there is no key file ${path}`, {
      hint: "ingot key public ROLE prints one",
      cause,
    });
  }
}
