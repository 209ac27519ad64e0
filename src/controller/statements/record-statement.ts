import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { makeEvent, system } from "../events/events.ts";
import type { Sources } from "../lineage/layers.ts";
import { reachStatement } from "../lineage/reach-later.ts";
import { findManifest } from "../state/registry.ts";
import { clip } from "./extract/view.ts";
import type { Judged } from "./judge-statement.ts";
import type { LoggedCopy } from "./log-signature.ts";
import type { PushedStatement } from "./read-attachment.ts";

type Recording = { readonly pushed: PushedStatement; readonly judged: Judged; readonly copy: LoggedCopy | undefined };

/** The events by which a statement is on the record: what was decided about it, what it says, and what follows from that. */
export function recordStatement(sources: Sources, recording: Recording): readonly NewEvent[] {
  const { pushed, judged } = recording;
  const { subject } = pushed;
  switch (judged.status) {
    case "known":
      return [];
    case "uncounted":
      return [...judged.decisions, uncounted(pushed, judged)];
    case "counts":
      return [
        ...judged.decisions,
        ...pushCopy(sources.state, recording),
        accepted(recording, judged),
        ...reachStatement(sources, { subject, facts: judged.facts }, judged.revoked),
      ];
  }
}

type Counting = Extract<Judged, { status: "counts" }>;

function uncounted(pushed: PushedStatement, { kind, reason }: Extract<Judged, { status: "uncounted" }>): NewEvent {
  const { repository, subject, manifest, principal } = pushed;
  return makeEvent(principal, "statement.uncounted", {
    repository,
    subject,
    manifest: manifest.digest,
    kind,
    reason: clip(reason, 500),
  });
}

/** The copy is a manifest like any other, which the controller itself pushed. Where the client pushed that very copy there is nothing to add. */
function pushCopy(state: Database, { pushed, copy }: Recording): readonly NewEvent[] {
  const { repository, manifest } = pushed;
  if (copy === undefined || copy.manifest === manifest.digest) return [];
  if (findManifest(state, repository, copy.manifest) !== undefined) return [];
  return [makeEvent(system, "manifest.pushed", { repository, ...copy.pushed })];
}

function accepted({ pushed, copy }: Recording, judged: Counting): NewEvent {
  const { repository, subject, manifest, principal } = pushed;
  const { kind, owner, payload, made, facts, signed } = judged;
  return makeEvent(principal, "statement.accepted", {
    repository,
    subject,
    manifest: manifest.digest,
    kind,
    predicateType: clip(signed.statement.predicateType, 300),
    key: owner.id,
    role: owner.use,
    principal: owner.principal,
    payload,
    ...(made === undefined ? {} : { made }),
    facts,
    ...(copy === undefined ? {} : { logged: { index: copy.index, manifest: copy.manifest } }),
  });
}
