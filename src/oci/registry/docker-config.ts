import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { runCommand } from "../../ground/run-command.ts";
import { dockerHub } from "../reference.ts";

/** How to log in to a registry. Never print one. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, exchanged for access tokens. */
  | { readonly kind: "identity-token"; readonly token: string };

const authSchema = z.looseObject({
  auth: z.string().exactOptional(),
  username: z.string().exactOptional(),
  password: z.string().exactOptional(),
  identitytoken: z.string().exactOptional(),
});

const configSchema = z.looseObject({
  auths: z.record(z.string(), authSchema).default({}),
  credsStore: z.string().exactOptional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const helperSchema = z.looseObject({ Username: z.string(), Secret: z.string() });

/**
 * What `docker login` left for a registry: from a credential helper, else from the file itself (`$DOCKER_CONFIG` or `~/.docker/config.json`).
 * Undefined when there is nothing. Throws `registry-credentials-unusable`.
 */
export async function findCredentials(
  context: Pick<Context, "env" | "signal">,
  registry: string,
): Promise<Credentials | undefined> {
  const folder = context.env.DOCKER_CONFIG || join(context.env.HOME || homedir(), ".docker");
  const config = readConfig(join(folder, "config.json"));
  if (config === undefined) return undefined;
  const key = registry === dockerHub ? dockerHubKey : registry;
  const helper = config.credHelpers[key] ?? config.credHelpers[registry] ?? config.credsStore;
  const fromHelper = helper ? await askHelper(context, helper, key) : undefined;
  if (fromHelper) return fromHelper;
  const auth = Object.entries(config.auths).find(([name]) => name === key || hostOf(name) === registry)?.[1];
  return auth === undefined ? undefined : fromAuth(auth, registry);
}

/** Under which Docker keeps the login of its own registry, for the sake of its first protocol. */
const dockerHubKey = `https://index.${dockerHub}/v1/`;

function readConfig(path: string): z.infer<typeof configSchema> | undefined {
  try {
    return configSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    // No cause: a parser's message quotes the text, and the text holds passwords.
    // oxlint-disable-next-line preserve-caught-error
    throw new IngotError("registry-credentials-unusable", `the file ${path} is not a Docker configuration`, {
      hint: "repair it, or set DOCKER_CONFIG to the folder of another one",
    });
  }
}

/** `https://host/v1/` → `host`: older clients wrote whole URLs. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function fromAuth(auth: z.infer<typeof authSchema>, registry: string): Credentials | undefined {
  if (auth.identitytoken) return { kind: "identity-token", token: auth.identitytoken };
  if (auth.username && auth.password) return { kind: "password", username: auth.username, password: auth.password };
  if (!auth.auth) return undefined;
  const text = Buffer.from(auth.auth, "base64").toString();
  const colon = text.indexOf(":");
  if (colon > 0) return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
  throw new IngotError("registry-credentials-unusable", `the login for ${registry} is not base64 of USER:PASSWORD`, {
    hint: `docker login ${registry}`,
  });
}

/** The protocol of docker-credential-helpers: the server's name on stdin of `get`, an object on stdout. */
async function askHelper(
  context: Pick<Context, "env" | "signal">,
  name: string,
  key: string,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const { env, signal } = context;
  const result = await runCommand(program, ["get"], { env, signal, input: key, allowFailure: true });
  if (result.code !== 0) {
    // This sentence on stdout is the protocol's way to say that there is no login; anything else is a failure.
    if (result.stdout.trim() === "credentials not found in native keychain") return undefined;
    throw helperFailed(program, `it ended with exit code ${result.code}`);
  }
  const parsed = helperSchema.safeParse(jsonOrUndefined(result.stdout));
  if (!parsed.success) throw helperFailed(program, "it printed no credentials");
  const { Username: username, Secret: secret } = parsed.data;
  if (username === "<token>") return { kind: "identity-token", token: secret };
  return username === "" ? undefined : { kind: "password", username, password: secret };
}

function helperFailed(program: string, why: string): IngotError {
  return new IngotError("registry-credentials-unusable", `the credential helper ${program} failed: ${why}`, {
    hint: `run it by hand: echo REGISTRY | ${program} get`,
  });
}
