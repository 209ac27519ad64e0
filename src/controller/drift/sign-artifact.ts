import { createPublicKey } from "node:crypto";
import { signBundle } from "../../evidence/statement/bundle.ts";
import { formatStatement } from "../../evidence/statement/statement.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Controller } from "../controller.ts";
import type { EventData } from "../events/events.ts";
import { attachBundle } from "../statements/attach-bundle.ts";
import { describeManifest, logSignature } from "../statements/log-signature.ts";
import type { GuardKey } from "./guard-key.ts";

/** What a statement about a capture is; its predicate is a `DriftPredicate`. docs/drift.md describes it. */
export const driftPredicateType = "https://ingot.dev/attestation/drift/v1";

/** What the controller says about a capture. Times are ISO 8601. */
export type DriftPredicate = {
  readonly environment: string;
  readonly service: string;
  readonly instance: string;
  readonly release: number;
  /** Digest. */
  readonly image: string;
  readonly captured: string;
  /** The drift's event, with its rule, what it is about, and when the kernel saw it; absent where a person asked. */
  readonly drift?: {
    readonly event: number;
    readonly rule: string;
    readonly subject: string;
    readonly message: string;
    readonly seen: string;
    readonly response: string;
  };
};

/** Attached twice, as every statement here: as it was signed, and with its place in the signature log. */
export type SignedArtifact = { readonly pushed: readonly Omit<EventData["manifest.pushed"], "repository">[] };

/** Signs that a capture is what this controller took, logs the signature, and stores what attaches it; no event names that yet. */
export async function signArtifact(
  controller: Controller,
  key: GuardKey,
  {
    artifact,
    name,
    predicate,
  }: { readonly artifact: Descriptor; readonly name: string; readonly predicate: DriftPredicate },
): Promise<SignedArtifact> {
  const { store } = controller;
  const payload = formatStatement({ image: artifact.digest, name }, { predicateType: driftPredicateType, predicate });
  const bundle = await signBundle(payload, key);
  const { manifest } = attachBundle(store, { subject: artifact, bundle, predicateType: driftPredicateType });
  const logged = await logSignature(
    controller,
    {
      content: bundle,
      payload,
      signature: signatureOf(bundle),
      key: { key: createPublicKey(key.key.pem) },
      statement: { predicateType: driftPredicateType },
      subject: artifact,
    },
    manifest.digest,
  );
  return { pushed: [describeManifest(manifest.digest, store.readBlob(manifest.digest)).pushed, logged.pushed] };
}

function signatureOf(bundle: Buffer): string {
  const { dsseEnvelope } = JSON.parse(bundle.toString("utf8")) as {
    readonly dsseEnvelope: { readonly signatures: readonly { readonly sig: string }[] };
  };
  return dsseEnvelope.signatures[0]?.sig ?? "";
}
