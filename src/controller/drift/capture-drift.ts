import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import type { Guard } from "../../guard/guard.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system, type EventData } from "../events/events.ts";
import { describePushed } from "../registry/describe-pushed.ts";
import { capturedSince } from "../state/captures.ts";
import { findDrift, type RecordedDrift } from "../state/drift.ts";
import { driftRepository, storeArtifact, type StoredArtifact } from "./drift-artifact.ts";
import { readGuardKey } from "./guard-key.ts";
import type { DriftPlace } from "./record-drift.ts";
import { signArtifact, type DriftPredicate } from "./sign-artifact.ts";

export type CaptureOrder = DriftPlace & {
  readonly instance: InstanceId;
  /** The number of its event; absent: a person asks for it. */
  readonly drift?: number;
  /** Who asks, as `user:alice`; the controller itself by default. */
  readonly actor?: string;
};

/** Where a capture is. */
export type Capture = {
  readonly repository: string;
  readonly artifact: Digest;
  /** Of all its files. */
  readonly bytes: number;
};

/** Bytes of one service in a day. Attack: who makes an instance drift again and again fills the controller's disk with what he wrote into it. Beyond it, only what the kernel says is kept. */
const mostInDay = 2 * 1024 ** 3;

/**
 * Captures an instance, which should be frozen, and puts that on the record: an artifact of the controller's registry, signed by its guard key, its signature in the log. Why there is none is on the record,
 * too; then it throws that, with `capture-failed`.
 */
export async function captureDrift(controller: Controller, guard: Guard, order: CaptureOrder): Promise<Capture> {
  const { ctx } = controller;
  const parent = join(ctx.home, "tmp");
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const folder = join(parent, `drift-${ctx.randomBytes(8).toString("hex")}`);
  try {
    await guard.capture(order.instance, folder);
    return await keep(controller, order, folder);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 1000) : "unknown";
    await recordFailure(controller, order, why);
    throw new IngotError("capture-failed", `the instance ${order.instance} could not be captured: ${why}`, {
      hint: `what was found of it is on the record: ingot drift list ${order.service} --environment ${order.environment}`,
      cause,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function keep(controller: Controller, order: CaptureOrder, folder: string): Promise<Capture> {
  const { ledger, store } = controller;
  const key = readGuardKey(controller.ctx);
  const repository = driftRepository(order);
  const drift = order.drift === undefined ? undefined : findDrift(ledger.state, order.drift);
  const now = ledger.now();
  const since = new Date(now.getTime() - 86_400_000).toISOString();
  const isSmall = capturedSince(ledger.state, { ...order, since }) >= mostInDay;
  const predicate = toPredicate(order, drift, now);
  const artifact = await storeArtifact(store, { folder, isSmall, annotations: toAnnotations(predicate) });
  const { manifest, bytes } = artifact;
  const signed = await signArtifact(controller, key, { artifact: manifest, name: repository, predicate });
  const actor = order.actor ?? system;
  const captured: EventData["drift.captured"] = {
    ...ofInstance(order),
    ...(order.drift === undefined ? {} : { drift: order.drift }),
    repository,
    artifact: manifest.digest,
    bytes,
    key: key.key.id,
  };
  await ledger.transact(() => {
    // A capture of an hour ago may have left the same blobs, which are garbage by now.
    renew(controller, artifact);
    const pushed = [describeArtifact(controller, repository, manifest.digest), ...signed.pushed];
    const events = pushed.map((one) => makeEvent(system, "manifest.pushed", { ...one, repository }));
    return { events: [...events, makeEvent(actor, "drift.captured", captured)], result: undefined };
  });
  return { repository, artifact: manifest.digest, bytes };
}

function describeArtifact({ store }: Controller, repository: string, digest: Digest): EventData["manifest.pushed"] {
  const content = store.readBlob(digest);
  return describePushed({
    repository,
    digest,
    size: content.length,
    parsed: parseManifest(content, mediaTypes.imageManifest),
  });
}

function renew({ store }: Controller, { manifest, blobs }: StoredArtifact): void {
  for (const { digest, size } of [manifest, ...blobs]) {
    if (store.renewBlob(digest, size)) continue;
    throw new IngotError("blob-missing", `the blob ${digest} of a capture is not in the store any more`, {
      hint: "collect garbage less often than captures take",
    });
  }
}

async function recordFailure({ ledger }: Controller, order: CaptureOrder, why: string): Promise<void> {
  const data = { ...ofInstance(order), ...(order.drift === undefined ? {} : { drift: order.drift }), why };
  const event = makeEvent(order.actor ?? system, "drift.uncaptured", data);
  await ledger.transact(() => ({ events: [event], result: undefined }));
}

function ofInstance({ environment, service, instance }: CaptureOrder) {
  return { environment, service, instance: instance as string };
}

function toPredicate(order: CaptureOrder, drift: RecordedDrift | undefined, now: Date): DriftPredicate {
  const { environment, service, instance, release, image } = order;
  const base = { environment, service, instance, release, image, captured: now.toISOString() };
  if (drift === undefined) return base;
  const { id, rule, subject, message, seen, response } = drift;
  return { ...base, drift: { event: id, rule, subject, message, seen: new Date(seen).toISOString(), response } };
}

/** For whoever lists artifacts. What an attacker named is not among them: registries and their tools print annotations as they are. */
function toAnnotations({ captured, drift, ...of }: DriftPredicate): Readonly<Record<string, string>> {
  return {
    "org.opencontainers.image.created": captured,
    "dev.ingot.drift.environment": of.environment,
    "dev.ingot.drift.service": of.service,
    "dev.ingot.drift.instance": of.instance,
    "dev.ingot.drift.release": String(of.release),
    "dev.ingot.drift.image": of.image,
    ...(drift === undefined
      ? {}
      : { "dev.ingot.drift.event": String(drift.event), "dev.ingot.drift.rule": drift.rule }),
  };
}
