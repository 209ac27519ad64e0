import { signBundle } from "../../evidence/statement/bundle.ts";
import { formatStatement } from "../../evidence/statement/statement.ts";
import type { ScanStatement } from "../../evidence/scan/scan-statement.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { findManifest } from "../state/registry.ts";
import { prepareStatement } from "../statements/accept-statement.ts";
import { attachBundle } from "../statements/attach-bundle.ts";
import { describeManifest } from "../statements/log-signature.ts";
import type { RunningImage } from "./list-running.ts";
import { openScannerKey } from "./scanner-identity.ts";

/**
 * Signs what a scan found, and puts it through the same door as what a registry's clients push: checked, logged, attached twice, on the record. Returns the manifest. Throws `statement-refused` where it does not
 * count, `image-not-pushed` where the image was deleted meanwhile, and what `openScannerKey` throws.
 */
export async function attachScan(
  controller: Controller,
  { image, repository }: Pick<RunningImage, "image" | "repository">,
  said: ScanStatement,
): Promise<Digest> {
  const { store, ledger } = controller;
  const known = findManifest(ledger.state, repository, image);
  if (known === undefined) throw gone(repository, image);
  const key = await openScannerKey(controller);
  const bundle = await signBundle(formatStatement({ image, name: repository }, said), key);
  const subject = { mediaType: known.mediaType, digest: image, size: known.size };
  const attached = attachBundle(store, { subject, bundle, predicateType: said.predicateType });
  const { pushed } = describeManifest(attached.manifest.digest, store.readBlob(attached.manifest.digest));
  const prepared = await prepareStatement(controller, {
    repository,
    subject: image,
    manifest: attached.manifest,
    bundle: attached.bundle,
    principal: system,
  });
  if ("refused" in prepared) throw uncounted(image, prepared.refused);
  const { result } = await ledger.transact((state) => {
    if (findManifest(state, repository, image) === undefined) return { events: [], result: gone(repository, image) };
    const { judged, events } = prepared.decide(state);
    // What does not count would be attached anew each time, for ever.
    if (judged.status !== "counts") return { events: [], result: uncounted(image, reasonOf(judged)) };
    return { events: [makeEvent(system, "manifest.pushed", { repository, ...pushed }), ...events], result: undefined };
  });
  if (result !== undefined) throw result;
  return attached.manifest.digest;
}

function reasonOf(judged: { readonly status: string; readonly reason?: string }): string {
  return judged.reason ?? judged.status;
}

function gone(repository: string, image: Digest): IngotError {
  return new IngotError("image-not-pushed", `${repository} has no image ${image} any more`, {
    hint: "push it again, or release another",
  });
}

function uncounted(image: Digest, reason: string): IngotError {
  return new IngotError("statement-refused", `the controller's own scan of ${image} does not count: ${reason}`, {
    hint: "ingot identity show workload:controller/scanner",
  });
}
