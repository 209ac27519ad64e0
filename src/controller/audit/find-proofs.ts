import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { tellEvent } from "../events/tell-event.ts";
import type { StoredManifest } from "../state/registry.ts";
import { findRelease, type Release } from "../state/releases.ts";
import type { AcceptedStatement } from "../state/statements.ts";
import { makeReceipt, type Receipt } from "./receipt.ts";

/** An event that a release rests on. `sentence`: what it says. */
export type ProvenEvent = { readonly what: string; readonly sentence: string; readonly receipt: Receipt };

type Grounds = {
  readonly release: Release;
  readonly policy: { readonly event: number };
  readonly manifest: StoredManifest | undefined;
  readonly statements: readonly AcceptedStatement[];
  readonly revocations: readonly { readonly event: number }[];
};

/** A receipt for each event that a release rests on, and for those that were made against it since; in the order in which they happened. `then`: the state that it was decided by. */
export function findProofs({ ledger }: Controller, then: Database, grounds: Grounds): readonly ProvenEvent[] {
  const { release, policy, manifest, statements, revocations } = grounds;
  const found = new Map<number, string>();
  const add = (event: number | undefined, what: string): void => {
    if (event !== undefined && !found.has(event)) found.set(event, what);
  };
  add(policy.event, "the policy");
  add(manifest?.event, "the image");
  for (const { key, role } of statements) add(findKeyEvent(then, key, role), "a key");
  for (const { event, kind } of statements) add(event, kind === "approval" ? "an approval" : "evidence");
  const { from, service } = release;
  if (from !== undefined) add(findRelease(then, { ...from, service })?.event, "the release that it comes from");
  add(release.decision, "the decision");
  add(release.event, "the release");
  for (const { event } of revocations) add(event, "a revocation since");
  return [...found]
    .toSorted(([a], [b]) => a - b)
    .map(([event, what]) => {
      const receipt = makeReceipt(ledger, event);
      return { what, sentence: tellEvent(receipt.event), receipt };
    });
}

/** When the key came to count for the role. */
function findKeyEvent(then: Database, id: string, role: string): number | undefined {
  return then.get<{ event: number }>("SELECT event FROM keys WHERE id = ? AND use = ?", id, role)?.event;
}
