import type { InstanceId } from "../../runtime/runtime.ts";
import type { HealthCheck, InstanceHealth } from "../fleet.ts";

/** What is checked. */
export type Checked = {
  readonly id: InstanceId;
  readonly address?: string;
  readonly port?: number;
  readonly check: HealthCheck;
  /** An instance that was already serving when this process came: it counts as healthy until a check says otherwise. */
  readonly isAdopted: boolean;
};

/** Watches instances by checks of its own; answers of the last ones are kept. */
export type HealthWatch = {
  /** Exactly these are watched from now on. */
  readonly watch: (instances: readonly Checked[]) => void;
  readonly of: (id: InstanceId) => InstanceHealth;
  /** The last failed check of an instance, for people: `GET / answered 500`. */
  readonly lastFailure: (id: InstanceId) => string | undefined;
  /** Called when the health of an instance changes. */
  readonly onChange: (listener: (id: InstanceId, health: InstanceHealth) => void) => void;
  readonly close: () => void;
};
