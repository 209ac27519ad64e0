import type { TestContext } from "node:test";
import type { Approval } from "../../evidence/approval/approval.ts";
import { statementKinds, type Role, type StatementKind } from "../../evidence/evidence.ts";
import type { Signer } from "../../evidence/keys/signer.ts";
import { bundleAnnotations, bundleType, signBundle } from "../../evidence/statement/bundle.ts";
import { makeSigner } from "../../evidence/statement/statement.fixture.ts";
import { formatStatement } from "../../evidence/statement/statement.ts";
import type { NewEvent, NumberedEvent } from "../../ledger/event.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import type { ImageFacts, PrincipalKind, PrincipalRole } from "../../policy/policy.ts";
import { openTestController, type TestController } from "../controller.fixture.ts";
import { makeEvent, system } from "../events/events.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { findPolicy } from "../state/policies.ts";
import { prepareStatement } from "./accept-statement.ts";

export const repository = "shop/web";

/** A controller with people and keys, the environments staging and production, and one image that the workload `ci` pushed. */
export type Door = TestController & {
  readonly image: Descriptor;
  /** One key a role, of the workload `ci`; approver's keys by person. */
  readonly keys: Readonly<Record<Exclude<Role, "approver">, Signer>> & {
    readonly people: Readonly<Record<Person, Signer>>;
  };
  readonly push: (bundle: Buffer, more?: PushMore) => Promise<Pushed>;
  readonly record: (...events: readonly NewEvent[]) => Promise<readonly NumberedEvent[]>;
  readonly facts: (digest?: string) => ImageFacts;
};

/** alice, bob: approvers; carol: approver too, but known as an author; dora: a deployer with an approver's key. */
export type Person = "alice" | "bob" | "carol" | "dora";

export type PushMore = {
  readonly image?: Descriptor;
  readonly repository?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly principal?: string;
  /** Replaces members of the manifest. */
  readonly manifest?: object;
};

export type Pushed = {
  readonly manifest: Digest;
  readonly refused?: string;
  /** What the door put on the record. */
  readonly events: readonly NumberedEvent[];
};

export async function openDoor(t: TestContext, options: Parameters<typeof openTestController>[1] = {}): Promise<Door> {
  const test = await openTestController(t, options);
  const { controller } = test;
  const image = putTinyImage(controller.store, { text: "hello" });
  const record: Door["record"] = async (...events) =>
    (await controller.ledger.transact(() => ({ events, result: undefined }))).events;
  const keys = {
    builder: makeSigner("builder"),
    scanner: makeSigner("scanner"),
    tester: makeSigner("tester"),
    rebuilder: makeSigner("rebuilder"),
    people: {
      alice: makeSigner("approver"),
      bob: makeSigner("approver"),
      carol: makeSigner("approver"),
      dora: makeSigner("approver"),
    },
  };
  await record(
    identity("workload:ci", "workload", ["builder"]),
    ...(["builder", "scanner", "tester", "rebuilder"] as const).map((role) => register("workload:ci", keys[role])),
    identity("user:alice", "user", ["approver"]),
    identity("user:bob", "user", ["approver"]),
    identity("user:carol", "user", ["approver", "developer"], ["carol@shop.example"]),
    identity("user:dora", "user", ["deployer"]),
    ...Object.entries(keys.people).map(([name, key]) => register(`user:${name}`, key)),
    applied("staging", 0),
    applied("production", 2),
    pushedImage(image, "workload:ci"),
  );
  return {
    ...test,
    image,
    keys,
    record,
    push: (bundle, more = {}) => pushBundle({ ...test, image, record }, bundle, more),
    facts: (digest = image.digest) => gatherFacts(controller.ledger.state, digest),
  };
}

export function identity(
  principal: string,
  kind: PrincipalKind,
  roles: readonly PrincipalRole[],
  emails: readonly string[] = [],
): NewEvent {
  return makeEvent(system, "identity.added", { principal, kind, groups: [], roles, emails });
}

export function register(principal: string, { role, key }: Pick<Signer, "role" | "key">): NewEvent {
  return makeEvent(system, "key.registered", { principal, key: { id: key.id, pem: key.pem, use: role } });
}

export function applied(environment: string, approvals: number): NewEvent {
  return makeEvent(system, "policy.applied", { environment, approvals, files: [], digest: "sha256:0" });
}

export function pushedImage(image: Descriptor, actor: string, more: { readonly repository?: string } = {}): NewEvent {
  const { digest, mediaType, size } = image;
  const blobs: readonly string[] = [];
  return makeEvent(actor, "manifest.pushed", {
    repository: more.repository ?? repository,
    digest,
    mediaType,
    kind: "image",
    size,
    blobs,
    manifests: [],
  });
}

/** A statement in a signed bundle, made as clients make it. */
export function sign(
  signer: Signer,
  kind: StatementKind | { readonly predicateType: string },
  about: { readonly image: Descriptor; readonly predicate: unknown },
): Promise<Buffer> {
  const { predicateType } = typeof kind === "string" ? statementKinds[kind] : kind;
  return signBundle(
    formatStatement({ image: about.image.digest }, { predicateType, predicate: about.predicate }),
    signer,
  );
}

let nonces = 0;

/** An approval that is right in everything, for a test to spoil. */
export function approvalOf(door: Door, approver: string, more: Partial<Approval> = {}): Approval {
  const { controller } = door;
  const now = controller.ledger.now();
  const environment = more.environment ?? "production";
  const files = findPolicy(controller.ledger.state, environment)?.files ?? [];
  nonces += 1;
  return {
    approver,
    decision: "approve",
    environment,
    controller: controller.settings.baseUrl,
    policyDigest: controller.policies.forEnvironment(files).digest,
    reviewed: [],
    created: now.toISOString(),
    expires: new Date(now.getTime() + 7 * 86_400_000).toISOString(),
    reason: "looks right",
    nonce: nonces.toString(16).padStart(32, "0"),
    ...more,
  };
}

/** The same as a rejection, which has no end. */
export function rejectionOf(door: Door, approver: string): Omit<Approval, "expires"> {
  const members = Object.entries(approvalOf(door, approver)).filter(([name]) => name !== "expires");
  return { ...(Object.fromEntries(members) as Omit<Approval, "expires">), decision: "reject" };
}

type Pushing = TestController & { readonly image: Descriptor; readonly record: Door["record"] };

/** What a registry does: the bytes are in the store, the door is asked, and then all is recorded at once. */
async function pushBundle(door: Pushing, bundle: Buffer, more: PushMore): Promise<Pushed> {
  const { store } = door.controller;
  const subject = more.image ?? door.image;
  const statement = JSON.parse(Buffer.from(payloadOf(bundle), "base64").toString()) as { predicateType?: string };
  const content = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: bundleType,
    config: { mediaType: mediaTypes.empty, digest: store.putBlob("{}"), size: 2 },
    layers: [{ mediaType: bundleType, digest: store.putBlob(bundle), size: bundle.length }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: more.annotations ?? {
      [bundleAnnotations.content]: "dsse-envelope",
      [bundleAnnotations.predicateType]: statement.predicateType ?? "",
    },
    ...more.manifest,
  });
  const manifest = { mediaType: mediaTypes.imageManifest, digest: store.putBlob(content), size: content.length };
  const pushed = {
    repository: more.repository ?? repository,
    subject: subject.digest,
    manifest,
    bundle: store.putBlob(bundle),
    principal: more.principal ?? "workload:ci",
  };
  const prepared = await prepareStatement(door.controller, pushed);
  if ("refused" in prepared) return { manifest: manifest.digest, refused: prepared.refused, events: [] };
  const own = makeEvent(pushed.principal, "manifest.pushed", {
    repository: pushed.repository,
    digest: manifest.digest,
    mediaType: manifest.mediaType,
    kind: "artifact",
    size: manifest.size,
    blobs: [],
    manifests: [],
    subject: pushed.subject,
  });
  // As the registry does it: judged by the state in which it is recorded.
  const { events: recorded } = await door.controller.ledger.transact((state) => ({
    events: [own, ...prepared.decide(state).events],
    result: undefined,
  }));
  const [, ...events] = recorded;
  return { manifest: manifest.digest, events };
}

function payloadOf(bundle: Buffer): string {
  try {
    const parsed = JSON.parse(bundle.toString()) as { dsseEnvelope?: { payload?: string } };
    return parsed.dsseEnvelope?.payload ?? "e30=";
  } catch {
    return "e30=";
  }
}
