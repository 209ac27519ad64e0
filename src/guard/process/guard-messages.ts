import type { SentError } from "../../runtime/helper/resident-messages.ts";
import type { Drift, Guard } from "../guard.ts";

/** What can be asked of the guard's process. */
export type GuardMethod = Exclude<keyof Guard, "onDrift" | "close"> | "ping";

/** To the guard's process. */
export type GuardOrder =
  | { readonly kind: "open"; readonly home: string }
  | { readonly kind: "call"; readonly id: number; readonly method: GuardMethod; readonly args: readonly unknown[] };

/** From it. */
export type GuardAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "drift"; readonly drift: Drift }
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: SentError };
