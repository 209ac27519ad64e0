import { hash } from "node:crypto";
import type { NewEvent } from "../../ledger/event.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, type EventData } from "../events/events.ts";

/** A digest that differs for each word. */
export function digestFor(word: string): string {
  return `sha256:${hash("sha256", word, "hex")}`;
}

/** Puts events on the record, as verbs of other subjects do. */
export async function record(controller: Controller, ...events: readonly NewEvent[]): Promise<number> {
  const { events: made } = await controller.ledger.transact(() => ({ events, result: undefined }));
  return made.at(-1)?.index ?? -1;
}

/** An environment whose policy asks nothing of an image but what the roles ask. */
export function openEnvironment(name: string): NewEvent {
  const text = `@id("anything")\npermit(principal, action == Action::"audit", resource);`;
  return makeEvent("user:root", "policy.applied", {
    environment: name,
    approvals: 0,
    files: [{ name: "open.cedar", text }],
    digest: digestFor(text),
  });
}

/** An environment with the shipped policy. */
export function strictEnvironment(name: string, approvals = 0): NewEvent {
  return makeEvent("user:root", "policy.applied", { environment: name, approvals, files: [], digest: digestFor("") });
}

type Pushed = EventData["manifest.pushed"];

/** An image in the registry, under the tag `1`. */
export function pushImage(repository: string, digest: string, more: Partial<Pushed> = {}): readonly NewEvent[] {
  return [
    makeEvent("workload:ci", "manifest.pushed", {
      repository,
      digest,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      kind: "image",
      size: 100,
      blobs: [],
      manifests: [],
      ...more,
    }),
    makeEvent("workload:ci", "tag.set", { repository, tag: "1", digest }),
  ];
}

type Accepted = EventData["statement.accepted"];

/** A statement that counts. */
export function acceptStatement(subject: string, said: Pick<Accepted, "kind" | "facts"> & Partial<Accepted>): NewEvent {
  const word = JSON.stringify([subject, said]);
  return makeEvent("workload:ci", "statement.accepted", {
    repository: "shop/web",
    subject,
    manifest: digestFor(`manifest of ${word}`),
    predicateType: "https://example.com/any",
    key: "0".repeat(64),
    role: "builder",
    principal: "workload:ci",
    payload: digestFor(word),
    ...said,
  });
}

/** The configuration of a service, all by default. */
export const usual = { replicas: 1 };
