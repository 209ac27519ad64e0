import type { Role } from "../../evidence/evidence.ts";
import type { KeyEntry } from "../../evidence/keys/keys.ts";
import type { Context } from "../../ground/context.ts";
import type { Declare, Handle, Outcome } from "../command.ts";
import { formatColumns, formatTable } from "../format.ts";
import type { Command } from "commander";

type KeyOptions = { readonly passphraseFile?: string; readonly trust?: string };

const passphraseOption = [
  "--passphrase-file <file>",
  "read the passphrase from this file; only you may be able to read it",
] as const;
const trustOption = ["--trust <folder>", "copy the public key there, for `trust:` of ingot.yaml"] as const;

/** `ingot key …`: one key a role, so that whoever may say one thing cannot say another. */
export const declare: Declare = (command, handle) => {
  declareGenerate(command, handle);
  declareList(command, handle);
  declareRotate(command, handle);
  declareImport(command, handle);
  declarePublic(command, handle);
};

function declareGenerate(command: Command, handle: Handle): void {
  command
    .command("generate")
    .description("make the keys of these roles: builder, scanner, tester, approver, rebuilder")
    .argument("<role...>", "whose keys to make")
    .option(...passphraseOption)
    .option(...trustOption)
    .action(
      handle<KeyOptions, [string[]]>(async ({ ctx, options }, words) => {
        const { generateKey, assertNoKey } = await import("../../evidence/keys/keys.ts");
        const { choosePassphrase } = await import("../../evidence/keys/passphrase.ts");
        const roles = await parseRoles(words);
        // Before anything is asked or made: all of them or none.
        for (const role of roles) assertNoKey(ctx, role);
        const passphrase = await choosePassphrase(ctx, describeRoles(roles), options);
        const keys: KeyEntry[] = [];
        for (const role of roles) keys.push(await generateKey(ctx, role, { passphrase }));
        return made(ctx, keys, options);
      }),
    );
}

function declareList(command: Command, handle: Handle): void {
  command
    .command("list")
    .description("show the keys that are here")
    .action(
      handle(async ({ ctx }) => {
        const { listKeys } = await import("../../evidence/keys/keys.ts");
        const keys = listKeys(ctx);
        if (keys.length === 0)
          return { json: { keys: [] }, text: "no keys; next: ingot key generate builder scanner tester" };
        const { shortId } = await import("../../evidence/keys/key-folder.ts");
        const rows = keys.map((key) => [
          key.role,
          shortId(key.id),
          key.created.slice(0, 10),
          key.file,
          key.former.map(({ id }) => shortId(id)).join(" ") || "none",
        ]);
        return {
          json: { keys: keys.map(describeKey) },
          text: formatTable(["role", "id", "created", "file", "former keys"], rows),
        };
      }),
    );
}

function declareRotate(command: Command, handle: Handle): void {
  command
    .command("rotate")
    .description("put a new key in the place of a role's key")
    .argument("<role>", "whose key")
    .option("--keep", "keep the old private key too, still encrypted")
    .option(...passphraseOption)
    .option(...trustOption)
    .action(
      handle<KeyOptions & { keep?: boolean }, [string]>(async ({ ctx, options }, word) => {
        const { noKey, readKey, rotateKey } = await import("../../evidence/keys/keys.ts");
        const { choosePassphrase } = await import("../../evidence/keys/passphrase.ts");
        const [role] = await parseRoles([word] as const);
        if (readKey(ctx, role) === undefined) throw noKey(role);
        const passphrase = await choosePassphrase(ctx, `the ${role}'s new key`, options);
        const { former, key } = await rotateKey(ctx, role, { passphrase, keepsPrivate: options.keep === true });
        return await rotated(ctx, { former, key }, options);
      }),
    );
}

function declareImport(command: Command, handle: Handle): void {
  command
    .command("import")
    .description("take over a key that cosign generate-key-pair made")
    .argument("<file>", "the encrypted private key, such as cosign.key")
    .requiredOption("--role <role>", "what it is to sign")
    .option(...passphraseOption)
    .option(...trustOption)
    .action(
      handle<KeyOptions & { role: string }, [string]>(async ({ ctx, options }, file) => {
        const { assertNoKey, importKey } = await import("../../evidence/keys/keys.ts");
        const { findPassphrase } = await import("../../evidence/keys/passphrase.ts");
        const [role] = await parseRoles([options.role] as const);
        assertNoKey(ctx, role);
        const passphrase = await findPassphrase(ctx, file, options);
        return made(ctx, [await importKey(ctx, role, { file, passphrase })], options);
      }),
    );
}

function declarePublic(command: Command, handle: Handle): void {
  command
    .command("public")
    .description("print the public key of a role")
    .argument("<role>", "whose key")
    .option(...trustOption)
    .action(
      handle<KeyOptions, [string]>(async ({ ctx, options }, word) => {
        const { noKey, readKey } = await import("../../evidence/keys/keys.ts");
        const [role] = await parseRoles([word] as const);
        const key = readKey(ctx, role);
        if (key === undefined) throw noKey(role);
        if (options.trust !== undefined) return made(ctx, [key], options);
        return { json: { ...describeKey(key), pem: key.publicPem }, text: key.publicPem.trimEnd() };
      }),
    );
}

async function made(ctx: Context, keys: readonly KeyEntry[], { trust }: KeyOptions): Promise<Outcome> {
  const { placePublicKey, trustSnippet } = await import("../trust-keys.ts");
  const { shortId } = await import("../../evidence/keys/key-folder.ts");
  const snippet = trustSnippet(
    ctx,
    keys.map((key) => ({ role: key.role, paths: [placePublicKey(ctx, key, trust)] })),
  );
  const lines = formatColumns(keys.map(({ role, id, file }) => [role, shortId(id), file]));
  return {
    json: { keys: keys.map(describeKey), trust: snippet },
    text: [...lines, "", "in ingot.yaml:", snippet, ...(trust === undefined ? [copyHint] : [])].join("\n"),
  };
}

/** Paths of this host are of no use in a project that others check out. */
const copyHint = "to keep public keys in the project: ingot key public ROLE --trust FOLDER";

/** What makes the statements of a role. */
const commandOf: Readonly<Record<Role, string>> = {
  builder: "ingot build",
  scanner: "ingot scan IMAGE",
  tester: "ingot test",
  rebuilder: "ingot rebuild IMAGE",
  approver: "ingot approve IMAGE --for ENVIRONMENT",
};

async function rotated(
  ctx: Context,
  { former, key }: { former: KeyEntry; key: KeyEntry },
  { trust }: KeyOptions,
): Promise<Outcome> {
  const { placePublicKey, trustSnippet } = await import("../trust-keys.ts");
  const { shortId } = await import("../../evidence/keys/key-folder.ts");
  const old = key.former.find(({ id }) => id === former.id)?.publicFile ?? former.publicFile;
  // The copy that is trusted already, where there is one.
  const trusted = trust === undefined ? old : placePublicKey(ctx, former, trust);
  const snippet = trustSnippet(ctx, [{ role: key.role, paths: [trusted, placePublicKey(ctx, key, trust)] }]);
  return {
    json: { key: describeKey(key), former: { id: former.id, publicFile: old }, trust: snippet },
    text: [
      `${key.role}  ${shortId(key.id)}  ${key.file}`,
      `the former key ${shortId(former.id)} signs no more; its public key stays: ${old}`,
      "",
      "next: trust the new key beside the old one in ingot.yaml:",
      snippet,
      `then sign what is in use again (${commandOf[key.role]}), push it where it is used, and take the old key out once nothing rests on it`,
    ].join("\n"),
  };
}

function describeKey({ role, id, created, file, publicFile, former }: KeyEntry): object {
  return { role, id, created, file, publicFile, former };
}

async function parseRoles<Words extends readonly string[]>(words: Words): Promise<{ [K in keyof Words]: Role }> {
  const { parseRole } = await import("../parse-role.ts");
  return words.map((word) => parseRole(word)) as { [K in keyof Words]: Role };
}

function describeRoles(roles: readonly Role[]): string {
  const [only, second] = roles;
  return second === undefined ? `the ${only}'s key` : `the keys of ${roles.join(", ")}`;
}
