import { relative } from "node:path";
import type { ContentCheck } from "../../evidence/verify/check-content.ts";
import type { Decision, Requirement } from "../../evidence/verify/decide.ts";
import { IngotError } from "../../ground/error.ts";
import type { Context } from "../../ground/context.ts";
import type { Declare } from "../command.ts";
import { describeDecision, supplyCommand } from "../describe-decision.ts";
import type { OpenedImage } from "../open-image.ts";
import { keyOption, readProjectTrust, type ProjectTrust, type TrustOptions } from "../read-project-trust.ts";
import type { RegistryCommandOptions } from "../registry-options.ts";

type VerifyOptions = TrustOptions & RegistryCommandOptions & { readonly require?: readonly string[] };

/** `ingot verify IMAGE`: is it whole, and is everything proven that must be? */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the store, oci:FOLDER[:NAME], or REGISTRY/NAME:TAG, which is pulled first")
    .option(...keyOption)
    .option("--require <kind...>", "what must be proven, instead of what the trusted roles are for (also KIND,KIND)")
    .option("-f, --file <path>", "the project's ingot.yaml, whose `trust:` counts")
    .option("--insecure", "speak plain HTTP with a registry; loopback registries need no option")
    .action(
      handle<VerifyOptions, [string]>(async ({ ctx, options }, text) => {
        const trust = await readProjectTrust(ctx, options);
        if (trust.keys.length === 0) throw noTrust();
        const required = await chooseRequirements(trust, options);
        const { openAnyImage } = await import("../open-image.ts");
        const opened = await openAnyImage(ctx, text, options);
        const { decide } = await import("../../evidence/verify/decide.ts");
        const { readAttached } = await import("../../evidence/statement/read-evidence.ts");
        const content = await checkWhole(ctx, opened);
        const decision = decide(readAttached(opened.layout, opened.image.digest, trust.keys).items, required);
        const isVerified = decision.missing.length === 0 && content.damage.length === 0;
        return {
          json: {
            image: opened.image.digest,
            name: opened.name,
            isVerified,
            content,
            ...withCommands(decision, text),
          },
          text: describeDecision({ ...opened, text }, content, withNearPaths(ctx, decision)),
          ...(isVerified ? {} : { exitCode: 4 as const }),
        };
      }),
    );
};

async function chooseRequirements(trust: ProjectTrust, options: VerifyOptions): Promise<readonly Requirement[]> {
  const { requirementFor, requirementsOf } = await import("../../evidence/verify/decide.ts");
  const { parseKind } = await import("../parse-kind.ts");
  if (options.require !== undefined)
    return options.require
      .flatMap((words) => words.split(","))
      .map((word) => requirementFor(parseKind(word, ["sbom"])));
  const ofRoles = requirementsOf(trust.roles);
  // A key without a role asks for what `cosign verify --key` does.
  const isSigned = trust.hasBareKey && !trust.roles.has("builder");
  const required = isSigned ? [requirementFor("signature"), ...ofRoles] : ofRoles;
  // Attack: an image about which nobody said anything, verified because nothing was asked.
  if (required.length === 0) throw nothingRequired(trust);
  return required;
}

async function checkWhole(ctx: Context, { layout, image }: OpenedImage): Promise<ContentCheck> {
  const { checkContent } = await import("../../evidence/verify/check-content.ts");
  const task = ctx.report.task("hashing the image", { unit: "bytes" });
  const content = await checkContent(layout, image, task.advance);
  task.done();
  return content;
}

/** For a person, who stands in the project that the keys are of. */
function withNearPaths({ cwd }: Context, decision: Decision): Decision {
  const near = (path: string): string => (relative(cwd, path).startsWith("..") ? path : relative(cwd, path));
  const proven = decision.proven.map((one) => ({ ...one, key: { ...one.key, from: near(one.key.from) } }));
  return { ...decision, proven };
}

function noTrust(): IngotError {
  return new IngotError("trust-missing", "no key is trusted here, so nothing can be proven", {
    hint: "name public keys by role under `trust:` in ingot.yaml (ingot key generate prints the lines), or give --key FILE[=ROLE]",
  });
}

function nothingRequired({ roles }: ProjectTrust): IngotError {
  const named = [...roles].join(", ");
  return new IngotError(
    "trust-missing",
    `only the role ${named} is trusted here, of which nothing is asked by itself`,
    {
      hint: "name a builder's key under `trust:` in ingot.yaml, or say what must be proven: --require approval",
    },
  );
}

function withCommands(decision: Decision, text: string): object {
  const missing = decision.missing.map((one) => ({ ...one, next: supplyCommand(one, text) }));
  const proven = decision.proven.map(({ key, ...rest }) => ({
    ...rest,
    key: { id: key.id, role: key.role, from: key.from },
  }));
  return { ...decision, proven, missing };
}
