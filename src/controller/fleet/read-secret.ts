import { readFileSync, statSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { runCommand } from "../../ground/run-command.ts";
import type { SecretSource, Settings } from "../settings.ts";

/** Bytes. */
const mostBytes = 1024 * 1024;

/** Milliseconds that a command may take to print a secret. */
const longest = 10_000;

export type SecretName = { readonly environment: string; readonly name: string };

/**
 * Reads a secret where the controller's settings say it is; anew each time, so that one that was changed is there with the next instance. Its content is in no error and no log. Throws `secret-missing`.
 */
export async function readSecret(ctx: Context, settings: Settings, of: SecretName): Promise<Uint8Array> {
  const source = find(find(settings.secrets, of.environment), of.name);
  if (source === undefined) throw missing(of, "the controller's settings do not name it");
  const content = await read(ctx, source, of);
  if (content.byteLength > mostBytes)
    throw missing(of, `it has ${content.byteLength} bytes, and at most ${mostBytes} fit`);
  return content;
}

/** What the settings name, and not what every object has: `constructor` is a name that a release may give. */
function find<T>(named: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return named !== undefined && Object.hasOwn(named, name) ? named[name] : undefined;
}

async function read(ctx: Context, source: SecretSource, of: SecretName): Promise<Uint8Array> {
  if ("file" in source) return readFile(source.file, of);
  const [program = "", ...args] = source.command;
  try {
    // latin1 keeps every byte.
    const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(longest)]);
    const { stdout } = await runCommand(program, args, { env: ctx.env, encoding: "latin1", signal });
    return Buffer.from(stdout, "latin1");
  } catch (error) {
    // What a program says of its failure may hold what it should have printed.
    throw missing(of, `its command ${program} failed`, error instanceof IngotError ? undefined : error);
  }
}

function readFile(path: string, of: SecretName): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > mostBytes) throw missing(of, `${path} has ${size} bytes, and at most ${mostBytes} fit`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof IngotError) throw error;
    throw missing(of, `${path} cannot be read`, error);
  }
}

function missing({ environment, name }: SecretName, why: string, cause?: unknown): IngotError {
  return new IngotError("secret-missing", `the secret ${name} of ${environment} is not there: ${why}`, {
    hint: `an admin of the controller writes secrets: {${environment}: {${name}: {file: PATH}}} into controller.yaml`,
    ...(cause === undefined ? {} : { cause }),
  });
}
