import type { NewEvent } from "../../ledger/event.ts";
import type { DriftEvents } from "./drift-events.ts";
import type { FleetEvents } from "./fleet-events.ts";
import type { IdentityEvents } from "./identity-events.ts";
import type { PolicyEvents } from "./policy-events.ts";
import type { RegistryEvents } from "./registry-events.ts";
import type { ReleaseEvents } from "./release-events.ts";
import type { RevocationEvents } from "./revocation-events.ts";
import type { StatementEvents } from "./statement-events.ts";

/** Every type of event and its data. A type is permanent, and so is the meaning of its members: the log is kept for ever. New members are optional. */
export type EventData = ControllerEvents &
  IdentityEvents &
  RegistryEvents &
  StatementEvents &
  PolicyEvents &
  ReleaseEvents &
  RevocationEvents &
  FleetEvents &
  DriftEvents;

type ControllerEvents = {
  /** The settings that it was started with, where they are others than before. */
  readonly "controller.configured": { readonly version: string; readonly settings: object };
};

export type EventType = keyof EventData;

/** Who acts when nobody asked for it. */
export const system = "system:controller";

/** An event to append. `actor`: a principal as `user:alice`, or `system`. */
export function makeEvent<T extends EventType>(actor: string, type: T, data: EventData[T]): NewEvent {
  return { actor, type, data };
}
