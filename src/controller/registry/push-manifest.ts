import { IngotError } from "../../ground/error.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { parseManifest, type Manifest } from "../../oci/manifest.ts";
import type { Principal } from "../../policy/policy.ts";
import { makeEvent } from "../events/events.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { reachPush } from "../lineage/reach-later.ts";
import { findManifest, findTag } from "../state/registry.ts";
import { prepareStatement, type PreparedStatement } from "../statements/accept-statement.ts";
import { assertPartsThere } from "./assert-parts.ts";
import { assertTagMayPoint } from "./assert-tag.ts";
import { describePushed } from "./describe-pushed.ts";
import type { Reference } from "./names.ts";
import { requirePush } from "./push-permit.ts";
import type { Registry } from "./registry.ts";

export type ManifestPush = {
  readonly repository: string;
  readonly reference: Reference;
  readonly mediaType: string;
  /** Kept byte by byte. */
  readonly content: Buffer;
};

/** `subject`: what the manifest is attached to. */
export type PushResult = { readonly digest: Digest; readonly subject?: Digest };

/**
 * Puts a manifest into a repository, and points a tag at it. On the record and durable when it resolves; the same manifest again is no new event. Throws `policy-denied`, `manifest-malformed`,
 * `manifest-unsupported`, `manifest-too-large`, `blob-mismatch`, `manifest-parts-unknown`, `tag-immutable`, `statement-refused`.
 */
export async function pushManifest(registry: Registry, principal: Principal, push: ManifestPush): Promise<PushResult> {
  const { controller } = registry;
  const { repository, reference, content } = push;
  await requirePush(registry, principal, repository);
  const digest = digestOf(content);
  if (reference.kind === "digest" && reference.digest !== digest) throw mismatch(reference.digest, digest);
  const parsed = parseManifest(content, push.mediaType);
  const event = describePushed({ repository, digest, size: content.length, parsed });
  const actor = formatPrincipal(principal);
  const pushed = makeEvent(actor, "manifest.pushed", event);
  assertPartsThere(registry, controller.ledger.state, event);
  const isKnown = findManifest(controller.ledger.state, repository, digest) !== undefined;
  // The content before what tells of it.
  controller.store.putBlob(content);
  const statement = isKnown
    ? undefined
    : await readStatement(registry, actor, { repository, digest, size: content.length, parsed });
  await controller.ledger.transact((state) => {
    const isNew = findManifest(state, repository, digest) === undefined;
    // Once more: what was there may have been deleted or collected meanwhile.
    assertPartsThere(registry, state, event);
    controller.store.putBlob(content);
    const reached = reachPush({ state, store: controller.store }, event);
    const events = isNew ? [pushed, ...reached, ...(statement?.decide(state).events ?? [])] : [];
    if (reference.kind === "tag" && findTag(state, repository, reference.tag) !== digest) {
      assertTagMayPoint(state, controller.settings, { repository, tag: reference.tag, digest });
      events.push(makeEvent(actor, "tag.set", { repository, tag: reference.tag, digest }));
    }
    return { events, result: undefined };
  });
  const subject = event.subject as Digest | undefined;
  return { digest, ...(subject === undefined ? {} : { subject }) };
}

type Read = { readonly repository: string; readonly digest: Digest; readonly size: number; readonly parsed: Manifest };

/** A statement, verified at the door; undefined for everything else. Throws `statement-refused`. */
async function readStatement(registry: Registry, actor: string, read: Read): Promise<PreparedStatement | undefined> {
  const { repository, digest, size, parsed } = read;
  if (parsed.kind === "index") return undefined;
  const { subject, artifactType, layers, config } = parsed.manifest;
  const [bundle] = layers;
  if (subject === undefined || bundle === undefined || !isBundle(artifactType ?? config.mediaType)) return undefined;
  const prepared = await prepareStatement(registry.controller, {
    repository,
    subject: subject.digest,
    manifest: { mediaType: parsed.mediaType, digest, size },
    bundle: bundle.digest,
    principal: actor,
  });
  if (!("refused" in prepared)) return prepared;
  throw new IngotError("statement-refused", prepared.refused, {
    hint: "sign it anew: ingot attest, or cosign attest",
  });
}

/** Any version of it: what this release cannot read is refused with a reason, not kept unread. */
function isBundle(artifactType: string): boolean {
  return artifactType.startsWith("application/vnd.dev.sigstore.bundle");
}

function mismatch(expected: Digest, actual: Digest): IngotError {
  return new IngotError("blob-mismatch", `expected the manifest ${expected}, got ${actual}`, {
    hint: "push again; if it stays so, something between client and registry alters content",
  });
}
