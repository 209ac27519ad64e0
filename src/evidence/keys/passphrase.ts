import { resolve } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readPrivateFile } from "../../ground/private-file.ts";

export type PassphraseOptions = {
  /** Of `--passphrase-file`; else `INGOT_KEY_PASSPHRASE_FILE`. */
  readonly passphraseFile?: string;
};

/**
 * The passphrase of a key that is there: from the file, from `INGOT_KEY_PASSPHRASE`, or from the person at the terminal; never from a command
 * line, which every user of the host can read. Throws `passphrase-missing`, `passphrase-unusable`, `key-exposed`.
 */
export async function findPassphrase(ctx: Context, what: string, options: PassphraseOptions = {}): Promise<string> {
  const given = givenPassphrase(ctx, options);
  if (given !== undefined) return given;
  if (ctx.askSecret === undefined) throw missing(what);
  return notEmpty(await ctx.askSecret(`passphrase of ${what}: `), "the passphrase that was typed");
}

/** A passphrase for a new key: from the same places, but typed twice. */
export async function choosePassphrase(ctx: Context, what: string, options: PassphraseOptions = {}): Promise<string> {
  const given = givenPassphrase(ctx, options);
  if (given !== undefined) return given;
  if (ctx.askSecret === undefined) throw missing(what);
  const first = notEmpty(await ctx.askSecret(`new passphrase for ${what}: `), "the passphrase that was typed");
  const second = await ctx.askSecret("the same again: ");
  if (first === second) return first;
  throw new IngotError("passphrase-unusable", "the two passphrases that were typed differ; nothing was written", {
    hint: "run the same command again",
  });
}

function givenPassphrase(ctx: Context, options: PassphraseOptions): string | undefined {
  const file = options.passphraseFile ?? ctx.env.INGOT_KEY_PASSPHRASE_FILE;
  if (file !== undefined) return fromFile(resolve(ctx.cwd, file));
  const value = ctx.env.INGOT_KEY_PASSPHRASE;
  return value === undefined ? undefined : notEmpty(value, "INGOT_KEY_PASSPHRASE");
}

function fromFile(path: string): string {
  const content = readPrivateFile(path);
  // The newline that every editor writes is no part of it.
  if (content !== undefined) return notEmpty(content.replace(/\r?\n$/, ""), path);
  throw new IngotError("passphrase-missing", `there is no passphrase file ${path}`, {
    hint: "write the passphrase into that file, readable by you alone (chmod 600)",
  });
}

function notEmpty(passphrase: string, from: string): string {
  if (passphrase !== "") return passphrase;
  throw new IngotError("passphrase-unusable", `${from} is empty`, {
    hint: "a key that lies on a disk needs a passphrase: four or more random words",
  });
}

function missing(what: string): IngotError {
  return new IngotError("passphrase-missing", `no passphrase is at hand for ${what}`, {
    hint: "set INGOT_KEY_PASSPHRASE, or name a file that only you can read with --passphrase-file or INGOT_KEY_PASSPHRASE_FILE",
  });
}
