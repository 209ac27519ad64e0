import type { NumberedEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Fold } from "../../ledger/projection/fold.ts";
import { alarmState } from "./alarms.ts";
import { countState } from "./counts.ts";
import { breakerState } from "./breakers.ts";
import { captureState } from "./captures.ts";
import { decisionState } from "./decisions.ts";
import { driftState } from "./drift.ts";
import { identityState } from "./identities.ts";
import { instanceState } from "./instances.ts";
import { policyState } from "./policies.ts";
import { pusherState } from "./pushers.ts";
import { registryState } from "./registry.ts";
import { releaseState } from "./releases.ts";
import { revocationState } from "./revocations.ts";
import { rolloutState } from "./rollouts.ts";
import { settingState } from "./settings.ts";
import { signInState } from "./sign-ins.ts";
import { statementState } from "./statements.ts";
import type { Subject } from "./subject.ts";

const subjects: readonly Subject[] = [
  settingState,
  identityState,
  signInState,
  registryState,
  pusherState,
  statementState,
  policyState,
  decisionState,
  releaseState,
  revocationState,
  countState,
  rolloutState,
  instanceState,
  alarmState,
  driftState,
  captureState,
  breakerState,
];

type Apply = (state: Database, data: object, event: NumberedEvent) => void;

const applyByType = new Map<string, readonly Apply[]>();
for (const { apply } of subjects) {
  for (const [type, one] of Object.entries(apply)) {
    applyByType.set(type, [...(applyByType.get(type) ?? []), one as Apply]);
  }
}

/** The state of the controller. The log is trusted: its events were checked when they were made, and signed. A type that is not known (of a newer release) changes nothing. */
export const controllerFold: Fold = {
  // Raise it with every change of a table or of what an event does.
  version: "5",
  tables: subjects.flatMap(({ tables }) => tables),
  apply: (state, event) => {
    for (const apply of applyByType.get(event.type) ?? []) apply(state, event.data, event);
  },
};
