import { shortId } from "../../evidence/keys/key-folder.ts";
import type { Context } from "../../ground/context.ts";
import type { Command } from "commander";
import type { Handle, Outcome } from "../command.ts";
import { nameArgument, openController, pathOf } from "./named-identity.ts";

type KeysAnswer = { readonly principal: string; readonly keys: readonly string[] };

/** `ingot identity add-key|retire-key|rotate-key`. */
export function declareKeys(command: Command, handle: Handle): void {
  command
    .command("add-key")
    .summary("register further keys of somebody")
    .argument(...nameArgument)
    .argument("<file=use...>", "public keys and what they are for, such as ci.pub=builder")
    .action(
      handle<object, [string, string[]]>(async ({ ctx }, name, texts) => {
        const { readKeyOption } = await import("./read-key-option.ts");
        const keys = texts.map((text) => readKeyOption(ctx, text));
        const answer = await (await openController(ctx)).post<KeysAnswer>(`${pathOf(name)}/keys`, { keys });
        const ids = answer.keys.map((id) => shortId(id));
        return { json: answer, text: `registered for ${answer.principal}: ${ids.join(", ")}` };
      }),
    );
  command
    .command("retire-key")
    .summary("end a key; what it signed still counts")
    .argument(...nameArgument)
    .argument("<key>", "its id, or at least 8 digits of it")
    .action(
      handle<object, [string, string]>(async ({ ctx }, name, key) => {
        const path = `${pathOf(name)}/keys/${encodeURIComponent(key)}`;
        const { forgetTokens } = await import("../sign-in/token-cache.ts");
        const answer = await (await openController(ctx)).remove<KeysAnswer>(path);
        // It may be the key that the tokens kept here rest on.
        forgetTokens(ctx);
        return {
          json: answer,
          text: `retired: ${answer.keys.map((id) => shortId(id)).join(", ")} of ${answer.principal}`,
        };
      }),
    );
  command
    .command("rotate-key")
    .summary("put a new key in the place of one of this installation's, here and at the controller")
    .argument("[name]", "identity, or a role (default: identity)")
    .option("--passphrase-file <file>", "read the passphrase from this file; only you may be able to read it")
    .action(
      handle<{ passphraseFile?: string }, [string | undefined]>(({ ctx, options }, name) => rotate(ctx, name, options)),
    );
}

async function rotate(
  ctx: Context,
  name = "identity",
  options: { readonly passphraseFile?: string },
): Promise<Outcome> {
  const { rotateRegisteredKey } = await import("./rotate-identity-key.ts");
  const { parseRole } = await import("../parse-role.ts");
  const client = await openController(ctx);
  const { principal } = await client.get<{ readonly principal: string }>("/api/v1/principal");
  const key = name === "identity" ? name : parseRole(name);
  const rotated = await rotateRegisteredKey(ctx, client, { name: key, principal, ...options });
  const [former, now] = [shortId(rotated.former), shortId(rotated.key)];
  return {
    json: { principal, ...rotated },
    text: `${principal} now has the key ${now} for ${key}; ${former} is retired`,
  };
}
