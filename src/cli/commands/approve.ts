import type { Client } from "../../api/client/client.ts";
import type { Approval } from "../../evidence/approval/approval.ts";
import type { Signer } from "../../evidence/keys/signer.ts";
import type { TakenApproval } from "../../controller/verbs/approve.ts";
import type { DescribedImage } from "../../controller/verbs/describe-image.ts";
import type { Explanation } from "../../controller/verbs/explain.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Declare } from "../command.ts";

type ApproveOptions = {
  readonly for: string;
  readonly reject?: string;
  readonly expires: string;
  readonly reason?: string;
  readonly passphraseFile?: string;
};

/** `ingot approve IMAGE --for ENVIRONMENT`: a person's word about an image, signed by their own key. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "an image of the controller's registry: NAME:TAG or a digest")
    .requiredOption("--for <environment>", "where it may go")
    .option("--expires <duration>", "for how long it counts, at most 30d", "7d")
    .option("--reason <text>", "why, for the record")
    .option("--reject <reason>", "reject it instead, until you approve it")
    .option("--passphrase-file <file>", "read the passphrase from this file; only you may be able to read it")
    .action(
      handle<ApproveOptions, [string]>(async ({ ctx, options }, text) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const seconds = await readExpires(options);
        const client = openControllerClient(ctx);
        const { image, asked } = await review(ctx, client, { text, environment: options.for });
        const signer = await openApprover(ctx, options);
        const predicate = await decide(ctx, { options, image, asked, controller: client.url, seconds });
        const bundle = await signApproval(signer, image, predicate);
        const named = `${image.repository}@${image.image}`;
        const taken = await client.post<TakenApproval>("/api/v1/approvals", { image: named, bundle });
        return { json: { ...taken, approval: predicate }, text: describe(taken, predicate) };
      }),
    );
};

async function readExpires({ expires, reject, reason }: ApproveOptions): Promise<number> {
  const { parseDuration } = await import("../parse-duration.ts");
  const { longestApproval } = await import("../../evidence/approval/approval.ts");
  if (reject !== undefined && reason !== undefined) {
    throw new IngotError("usage", "--reject has its reason already, and --reason gives another", {
      hint: "ingot approve --help",
    });
  }
  const seconds = Math.round(parseDuration(expires, "--expires") / 1000);
  if (seconds > 0 && seconds <= longestApproval) return seconds;
  throw new IngotError("usage", `expected at most 30d for --expires, got ${expires}`, {
    hint: "approve it again when it has run out: somebody should look at it again by then",
  });
}

type Reviewed = { readonly image: DescribedImage; readonly asked: Explanation };

/** Shows what the controller knows, and refuses before anything is signed where the controller would. */
async function review(
  ctx: Context,
  client: Client,
  { text, environment }: { readonly text: string; readonly environment: string },
): Promise<Reviewed> {
  const { describeReviewed } = await import("../approval/describe-reviewed.ts");
  const { describeDenial } = await import("../../policy/explain/denial.ts");
  const path = `/api/v1/images/${encodeURIComponent(text)}`;
  const found = await client.get<DescribedImage>(path);
  // By digest from here on: what is shown is what is signed, also when somebody moves the tag.
  const image = `/api/v1/images/${encodeURIComponent(`${found.repository}@${found.image}`)}`;
  const asked = await client.get<Explanation>(`${image}/explanation`, { environment, action: "approve" });
  for (const line of describeReviewed(found, environment)) ctx.report.info(line);
  if (asked.decision.permit) return { image: found, asked };
  const what = `${asked.principal} may not approve ${found.repository}@${found.image} for ${environment}`;
  const { message, details, hint } = describeDenial(what, asked.decision.missing);
  throw new IngotError("policy-denied", message, {
    details,
    hint: hint ?? "ask an admin of the controller for the role approver",
  });
}

async function openApprover(ctx: Context, options: ApproveOptions): Promise<Signer> {
  const { openSigner } = await import("../../evidence/keys/signer.ts");
  const signer = await openSigner(ctx, "approver", options);
  if (signer !== undefined) return signer;
  throw new IngotError("key-missing", "there is no approver key in this installation to sign with", {
    hint: "an admin runs ingot identity enrol NAME, and then you: ingot login --enrol CODE --with approver, which makes the key and registers it",
  });
}

type Deciding = Reviewed & {
  readonly options: ApproveOptions;
  readonly controller: string;
  readonly seconds: number;
};

async function decide(ctx: Context, { options, image, asked, controller, seconds }: Deciding): Promise<Approval> {
  const { makeApproval } = await import("../../evidence/approval/make-approval.ts");
  const { standing } = await import("../approval/describe-reviewed.ts");
  return makeApproval(ctx, {
    approver: asked.principal,
    decision: options.reject === undefined ? "approve" : "reject",
    environment: options.for,
    // As this installation knows it, not as it calls itself: who serves a copy of another's answers gets nothing to use there.
    controller,
    policyDigest: asked.decision.policyDigest,
    reviewed: standing(image).map(({ manifest }) => manifest),
    reason: options.reject ?? options.reason ?? "",
    seconds,
  });
}

async function signApproval(signer: Signer, { image }: DescribedImage, predicate: Approval): Promise<string> {
  const { signBundle } = await import("../../evidence/statement/bundle.ts");
  const { formatStatement } = await import("../../evidence/statement/statement.ts");
  const { statementKinds } = await import("../../evidence/evidence.ts");
  const { predicateType } = statementKinds.approval;
  const statement = formatStatement({ image: image as Digest }, { predicateType, predicate });
  return (await signBundle(statement, signer)).toString("utf8");
}

function describe(taken: TakenApproval, { decision, environment, expires }: Approval): string {
  const word = decision === "approve" ? "approved" : "REJECTED";
  const until = expires === undefined ? "" : ` until ${expires.slice(0, 19)}Z`;
  const counted = taken.approvals.filter((one) => one.environment === environment);
  const said = (["approve", "reject"] as const).flatMap((verdict) => {
    const by = counted.filter((one) => one.verdict === verdict).map((one) => one.by);
    return by.length === 0 ? [] : [`${verdict === "approve" ? "approved" : "rejected"} by ${by.join(", ")}`];
  });
  return [
    `${taken.repository}@${taken.image}  ${word} for ${environment}${until}${taken.event === undefined ? "" : `, on the record as #${taken.event}`}`,
    `for ${environment}: ${said.join("; ")}`,
  ].join("\n");
}
