import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Role } from "../../evidence/evidence.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { Declare } from "../command.ts";
import type { ProjectOptions } from "../open-project.ts";

type AttestOptions = ProjectOptions & {
  readonly type: string;
  readonly predicate?: string;
  readonly role?: string;
  readonly passphraseFile?: string;
};

/** `ingot attest IMAGE`: signs a statement that a person brings. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the store, or oci:FOLDER[:NAME]")
    .requiredOption(
      "--type <type>",
      "what is said: signature, provenance, cyclonedx, spdx, scan, vex, tests, rebuild, verdict, approval or a URI",
    )
    .option("--predicate <file>", "a JSON object; a signature needs none")
    .option("--role <role>", "whose key signs (default: the role of the kind)")
    .option("--passphrase-file <file>", "read the passphrase from this file; only you may be able to read it")
    .option("-f, --file <path>", "the project's ingot.yaml, whose images and `trust:` are meant")
    .action(
      handle<AttestOptions, [string]>(async ({ ctx, options }, text) => {
        const { parsePredicateType } = await import("../parse-kind.ts");
        const predicateType = parsePredicateType(options.type);
        const role = await chooseRole(predicateType, options);
        const predicate = await readPredicate(ctx, predicateType, options);
        const { openLocalImage } = await import("../open-image.ts");
        const { layout, image, name } = await openLocalImage(ctx, text, options);
        const { openSigner } = await import("../../evidence/keys/signer.ts");
        const { noKey } = await import("../../evidence/keys/keys.ts");
        const signer = await openSigner(ctx, role, options);
        if (signer === undefined) throw noKey(role);
        const { warnUntrusted } = await import("../warn-untrusted.ts");
        const { findTrust } = await import("../read-project-trust.ts");
        warnUntrusted(ctx, signer.key, await findTrust(ctx, options));
        const { attest } = await import("../../evidence/statement/attest.ts");
        const { manifest, isNew } = await attest(ctx, { layout, image, name }, { predicateType, predicate, signer });
        const { shortId } = await import("../../evidence/keys/key-folder.ts");
        const state = isNew ? "signed" : "was there already, signed";
        return {
          json: { image: image.digest, predicateType, role, key: signer.key.id, manifest, isNew },
          text: `${name}  ${predicateType}  ${state} by the ${role} ${shortId(signer.key.id)}`,
        };
      }),
    );
};

/** Only a known kind has a role by itself: the builder's word makes an image a release, so it is never given by default. */
async function chooseRole(predicateType: string, options: AttestOptions): Promise<Role> {
  const { parseRole } = await import("../parse-role.ts");
  if (options.role !== undefined) return parseRole(options.role);
  const { kindOf } = await import("../../evidence/statement/statement.ts");
  const { roles, statementKinds } = await import("../../evidence/evidence.ts");
  const kind = kindOf(predicateType);
  if (kind !== "other") return statementKinds[kind].role;
  throw new IngotError("usage", `expected --role, since Ingot does not know who may say ${predicateType}`, {
    hint: `roles: ${roles.join(", ")}; of the builder only what approves the image: cosign verify takes all that its key signed for a signature`,
  });
}

const mostBytes = 40 << 20;

async function readPredicate(
  ctx: Context,
  predicateType: string,
  { type, predicate: file }: AttestOptions,
): Promise<object> {
  if (file === undefined) {
    if (type === "signature") return {};
    throw new IngotError("usage", `expected --predicate FILE with --type ${type}`, { hint: "ingot attest --help" });
  }
  const path = resolve(ctx.cwd, file);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > mostBytes) throw malformed(`${path} has ${size} bytes, more than 40 MiB`);
  const value = parse(path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`expected a JSON object in ${path}`);
  }
  const { kindOf } = await import("../../evidence/statement/statement.ts");
  const { checkPredicate } = await import("../check-predicate.ts");
  checkPredicate(kindOf(predicateType), value, file);
  return value;
}

function parse(path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)));
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) throw malformed(`there is no file ${path}`, cause);
    if (cause instanceof SyntaxError || cause instanceof TypeError) throw malformed(`expected JSON in ${path}`, cause);
    throw cause;
  }
}

function malformed(message: string, cause?: unknown): IngotError {
  return new IngotError("predicate-malformed", message, {
    hint: "--predicate names a file with the JSON object that is to be signed",
    cause,
  });
}
