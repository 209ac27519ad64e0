import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Declare, Outcome } from "../command.ts";
import type { EnrolledHere } from "../sign-in/enrol-here.ts";

type Options = {
  readonly enrol?: string;
  readonly name?: string;
  readonly with?: readonly string[];
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly passphraseFile?: string;
};

/** `ingot login [URL]`: who this installation is to a controller. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[url]", "the controller, such as https://ingot.example (default: the one of the last login)")
    .option(
      "--enrol <code>",
      "register the keys of this installation with a one-time code, and make those that are missing; - asks for the code, or reads it from stdin",
    )
    .option("--name <name>", "who you are: alice, or workload:ci")
    .option("--with <role...>", "with --enrol: register the keys of these roles too, such as approver")
    .option("--token-file <file>", "sign in with the OIDC ID token in this file; only you may be able to read it")
    .option(
      "--ca <file>",
      "the certificate of the authority that signed the controller's, where the system does not know it",
    )
    .option("--passphrase-file <file>", "read the passphrase from this file; only you may be able to read it")
    .action(handle<Options, [string | undefined]>(({ ctx, options }, url) => login(ctx, url, options)));
};

async function login(ctx: Context, address: string | undefined, options: Options): Promise<Outcome> {
  // As `ingot serve` prints the command for the first admin, whose name stays on the record for ever.
  if (options.name === "YOUR-NAME") {
    throw new IngotError("usage", "YOUR-NAME stands for your own name, and names are never changed", {
      hint: `ingot login ${address ?? "URL"} --enrol CODE --name alice`,
    });
  }
  const { parseControllerUrl } = await import("../sign-in/parse-controller-url.ts");
  const { logIn } = await import("../sign-in/log-in.ts");
  const { findController } = await import("../controller-access.ts");
  const url = address === undefined ? findController(ctx).url : parseControllerUrl(address);
  const { passphraseFile, tokenFile } = options;
  const passphrase = passphraseFile === undefined ? {} : { passphraseFile };
  const ca = await trust(ctx, options.ca);
  const code = options.enrol === undefined ? undefined : await takeCode(ctx, options.enrol);
  const enrolled = code === undefined ? undefined : await enrol(ctx, url, { ...options, enrol: code });
  const principal = enrolled?.principal ?? options.name;
  const issued = await logIn(enrolled?.ctx ?? ctx, {
    url,
    ...passphrase,
    ...(principal === undefined ? {} : { principal }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(ca === undefined ? {} : { ca }),
  });
  const { openClient } = await import("../../api/client/client.ts");
  const client = openClient(ctx, { url, token: async () => issued.token });
  const who = await client.get<{ principal: string; roles: readonly string[] }>("/api/v1/principal");
  const roles = who.roles.length === 0 ? "no roles" : who.roles.join(", ");
  return { json: { url, ...who }, text: `logged in to ${url} as ${who.principal} (${roles})` };
}

/** Attack: somebody else on this host who lists its processes, and uses the code while its owner types a passphrase. */
async function takeCode(ctx: Context, code: string): Promise<string> {
  process.title = "ingot login";
  if (code !== "-") return code;
  if (ctx.askSecret !== undefined) return ctx.askSecret("code of enrolment: ");
  const { text } = await import("node:stream/consumers");
  return (await text(process.stdin)).trim();
}

async function trust(ctx: Context, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const { readCa, trustCa } = await import("../sign-in/trust-ca.ts");
  const ca = readCa(ctx, file);
  trustCa(ca);
  return ca;
}

async function enrol(ctx: Context, url: string, options: Options & { readonly enrol: string }): Promise<EnrolledHere> {
  const { enrolHere } = await import("../sign-in/enrol-here.ts");
  const { parseRole } = await import("../parse-role.ts");
  const { name, passphraseFile } = options;
  return enrolHere(ctx, {
    url,
    code: options.enrol,
    roles: (options.with ?? []).map((role) => parseRole(role)),
    ...(name === undefined ? {} : { name }),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
  });
}
