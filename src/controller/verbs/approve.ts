import { statementKinds } from "../../evidence/evidence.ts";
import { IngotError } from "../../ground/error.ts";
import { present } from "../../ground/present.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import type { ApprovalFacts, Principal } from "../../policy/policy.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { describePushed } from "../registry/describe-pushed.ts";
import { findManifest } from "../state/registry.ts";
import { prepareStatement } from "../statements/accept-statement.ts";
import { attachBundle, type BundleAttachment } from "../statements/attach-bundle.ts";
import type { Judged } from "../statements/judge-statement.ts";
import { denied } from "../decisions/authorize.ts";
import { findImage, type PushedImage } from "./find-image.ts";

/** A signed approval or rejection. `image`: as people name it; `bundle`: the sigstore bundle, as JSON. */
export type ApprovalOrder = { readonly image: string; readonly bundle: string };

export type TakenApproval = PushedImage & {
  /** Of the statement that says it. */
  readonly manifest: string;
  /** Where it is on the record; absent where it was there before. */
  readonly event?: number;
  /** What everybody said of the image, for all environments. */
  readonly approvals: readonly ApprovalFacts[];
};

/**
 * Takes an approval or a rejection that a person signed, by the same door as what is pushed to the registry, and attaches it to the image. Throws `image-not-pushed`, `statement-refused` for
 * what is altered, `approval-refused` for what does not count here, and `policy-denied` for who may not approve it.
 */
export async function approve(
  controller: Controller,
  principal: Principal,
  { image: text, bundle }: ApprovalOrder,
): Promise<TakenApproval> {
  const { ledger, store } = controller;
  const found = findImage(ledger.state, text);
  const actor = formatPrincipal(principal);
  const attached = attachBundle(store, {
    subject: subjectOf(ledger.state, found),
    bundle,
    // Whatever else was signed is refused for not being it.
    predicateType: statementKinds.approval.predicateType,
  });
  const pushed = { ...attached, repository: found.repository, subject: found.image as Digest, principal: actor };
  const prepared = await prepareStatement(controller, pushed);
  if ("refused" in prepared) throw refused(prepared.refused);
  const { manifest } = attached;
  const event = describePushed({
    repository: found.repository,
    digest: manifest.digest,
    size: manifest.size,
    parsed: parseManifest(store.readBlob(manifest.digest), manifest.mediaType),
  });
  const { result: judged, events } = await ledger.transact((state) => {
    const decided = prepared.decide(state);
    const reason = reasonAgainst(decided.judged, actor);
    // What does not count is not kept; that somebody was denied is.
    if (reason !== undefined) return { events: decisionsOf(decided.judged), result: decided.judged };
    const isThere = findManifest(state, found.repository, manifest.digest) !== undefined;
    const push = isThere || decided.judged.status === "known" ? [] : [makeEvent(actor, "manifest.pushed", event)];
    return { events: [...push, ...decided.events], result: decided.judged };
  });
  assertTaken(judged, actor);
  const taken = events.find(({ type }) => type === "statement.accepted");
  return {
    ...found,
    manifest: judged.status === "known" ? judged.same.manifest : manifest.digest,
    ...(taken === undefined ? {} : { event: taken.index }),
    approvals: gatherFacts(ledger.state, found.image).approvals,
  };
}

function subjectOf(state: Database, { repository, image }: PushedImage): BundleAttachment["subject"] {
  const { mediaType, size } = present(findManifest(state, repository, image), `the manifest of ${image}`);
  return { mediaType, digest: image as Digest, size };
}

function decisionsOf(judged: Judged): Extract<Judged, { status: "uncounted" }>["decisions"] {
  return judged.status === "uncounted" ? judged.decisions : [];
}

function reasonAgainst(judged: Judged, actor: string): string | undefined {
  if (judged.status === "uncounted") return judged.reason;
  const signer = judged.status === "known" ? judged.same.principal : judged.owner.principal;
  return signer === actor ? undefined : `it is signed by ${signer}, and ${actor} brings it`;
}

function assertTaken(judged: Judged, actor: string): void {
  const reason = reasonAgainst(judged, actor);
  if (reason === undefined) return;
  if (judged.status === "uncounted" && judged.denial !== undefined)
    throw denied(judged.denial.asked, judged.denial.decision);
  throw new IngotError("approval-refused", `the approval is not taken: ${reason}`, {
    hint: "ingot approve IMAGE --for ENVIRONMENT signs what the controller knows now; for a key that is not registered, or no longer active, an admin runs ingot identity enrol NAME, and then you: ingot login --enrol CODE --with approver",
  });
}

function refused(message: string): IngotError {
  return new IngotError("statement-refused", message, {
    hint: "ingot approve IMAGE --for ENVIRONMENT signs a new one",
  });
}
