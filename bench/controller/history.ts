import { hash } from "node:crypto";
import { makeEvent, system, type EventData } from "../../src/controller/events/events.ts";
import type { NewEvent } from "../../src/ledger/event.ts";

/** The history of a controller that casts and deploys all day: events of every common type, in the shares and sizes that they have. The same for the same number in one run. */
export function historyEvent(index: number): NewEvent {
  const first = beginning[index];
  if (first !== undefined) return first;
  const at = index - beginning.length;
  const image = Math.floor(at / kinds.length);
  const make = kinds[at % kinds.length];
  if (make === undefined) throw new Error("no kind of event");
  return make({ image, digest: digestFor(`image ${image}`), index });
}

/** The digest of the image to which the events up to this number belong. */
export function imageAt(index: number): string {
  return digestFor(`image ${Math.floor((index - beginning.length) / kinds.length)}`);
}

export const environment = "production";
export const repository = "shop/web";
/** Seconds since 1970, of the first event; a thousand events a second follow. An hour ago, so that scans and approvals are fresh. */
export const epoch: number = Math.floor(Date.now() / 1000) - 3600;

type Place = { readonly image: number; readonly digest: string; readonly index: number };

const ci = "workload:ci";

function digestFor(word: string): string {
  return `sha256:${hash("sha256", word, "hex")}`;
}

const beginning: readonly NewEvent[] = [
  makeEvent(system, "controller.configured", { version: "0.1.0", settings: {} }),
  ...[ci, "user:alice", "user:bob", "user:dora", "workload:host-1"].map((principal) =>
    makeEvent("user:alice", "identity.added", {
      principal,
      kind: principal.startsWith("user") ? "user" : "workload",
      groups: [],
      roles: principal === "user:dora" ? ["deployer"] : [],
      emails: [],
    }),
  ),
  ...(["builder", "scanner", "tester", "approver"] as const).map((use) =>
    makeEvent("user:alice", "key.registered", { principal: ownerOf(use), key: { id: keyOf(use), pem: "", use } }),
  ),
  makeEvent("user:alice", "policy.applied", { environment, approvals: 1, files: [], digest: digestFor("shipped") }),
];

const statements = ["signature", "provenance", "cyclonedx", "scan", "tests", "approval"] as const;

const kinds: readonly ((place: Place) => NewEvent)[] = [
  (place) => token(ci, place),
  ({ digest }) =>
    push({ digest, kind: "image", blobs: ["one", "two", "three"].map((word) => digestFor(word + digest)) }),
  ({ digest, image }) => makeEvent(ci, "tag.set", { repository, tag: `v${image}`, digest }),
  ...statements.flatMap((kind) => [
    ({ digest }: Place) =>
      push({
        digest: digestFor(kind + digest),
        kind: "artifact",
        blobs: [digestFor(`blob ${kind} ${digest}`)],
        artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        subject: digest,
      }),
    (place: Place) => accept(kind, place),
  ]),
  (place) => decide("user:dora", "deploy", place),
  ({ image, digest, index }) =>
    makeEvent("user:dora", "release.created", {
      service: "web",
      environment,
      number: image + 1,
      repository,
      image: digest,
      configuration: { replicas: 3 },
      decision: index - 1,
      reason: "",
    }),
  (place) => token("workload:host-1", place),
  ...[1, 2].map(() => (place: Place) => decide("workload:host-1", "pull", place)),
  ({ image }) =>
    makeEvent("user:alice", "revocation.made", {
      subject: { kind: "image", digest: digestFor(`image ${Math.max(0, image - 50)}`) },
      reason: "superseded",
    }),
];

function push(
  more: Pick<EventData["manifest.pushed"], "digest" | "kind" | "blobs"> & Partial<EventData["manifest.pushed"]>,
) {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  return makeEvent(ci, "manifest.pushed", { repository, mediaType, size: 1200, manifests: [], ...more });
}

function token(principal: string, { index }: Place): NewEvent {
  const word = digestFor(`token ${index}`).slice(7);
  const expires = epoch + index + 3600;
  const by = { kind: "key", key: "a".repeat(64), assertion: word, assertionExpires: epoch + index + 60 } as const;
  return makeEvent(system, "token.issued", { principal, id: word, expires, by });
}

function accept(kind: (typeof statements)[number], { digest, image, index }: Place): NewEvent {
  const manifest = digestFor(kind + digest);
  return makeEvent(ci, "statement.accepted", {
    repository,
    subject: digest,
    manifest,
    kind,
    predicateType: `https://example.com/${kind}`,
    key: keyOf(roleOf(kind)),
    role: roleOf(kind),
    principal: ownerOf(roleOf(kind)),
    payload: digestFor(`payload ${kind} ${digest}`),
    facts: factsOf(kind, { digest, image, index }),
    logged: { index, manifest: digestFor(`logged ${manifest}`) },
  });
}

function roleOf(kind: (typeof statements)[number]): EventData["statement.accepted"]["role"] {
  if (kind === "scan") return "scanner";
  if (kind === "tests") return "tester";
  return kind === "approval" ? "approver" : "builder";
}

function ownerOf(use: string): string {
  return use === "approver" ? "user:bob" : ci;
}

function keyOf(use: string): string {
  return digestFor(`key ${use}`).slice(7);
}

function factsOf(
  kind: (typeof statements)[number],
  { digest, index }: Place,
): EventData["statement.accepted"]["facts"] {
  const finished = epoch + Math.floor(index / 1000);
  switch (kind) {
    case "signature":
      return { kind: "none" };
    case "provenance":
      return { kind, commit: digest.slice(7, 47), authors: ["carol@example.com"], bases: [] };
    case "cyclonedx":
      return { kind: "sbom", packages: 120, revocations: [] };
    case "scan":
      return { kind, scan: { finished, exploited: [], fixable: [], gaps: 0 } };
    case "tests":
      return { kind, passed: true, finished, failed: [] };
    case "approval":
      return {
        kind,
        environment,
        verdict: "approve",
        expires: finished + 7 * 86_400,
        reason: "",
        created: finished,
        nonce: digest.slice(7, 39),
        reviewed: statements.slice(0, 5).map((one) => digestFor(one + digest)),
        policyDigest: digestFor("shipped"),
      };
  }
}

function decide(principal: string, action: "deploy" | "pull", { digest }: Place): NewEvent {
  return makeEvent(principal, "decision.made", {
    permit: true,
    policies: ["deployers-deploy", "hosts-pull"],
    missing: [],
    policyDigest: digestFor("shipped"),
    principal,
    action,
    resource: `service web in ${environment}`,
    environment,
    image: digest,
  });
}
