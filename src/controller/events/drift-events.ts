import type { Drift, SeenProcess } from "../../guard/guard.ts";

/** What the guard found, and what became of it. */
export type DriftEvents = {
  /** Its number is the drift's id. Times are milliseconds since 1970. */
  readonly "drift.found": DriftOf & {
    readonly release: number;
    readonly image: string;
    readonly rule: Drift["rule"];
    readonly subject: string;
    readonly message: string;
    readonly seen: number;
    readonly found: number;
    readonly sensor: Drift["sensor"];
    readonly response: Drift["response"];
    readonly chain: readonly SeenProcess[];
  };
  /** What could be seen of the instance, as an artifact of the registry. `drift`: absent where a person asked for it. `key`: id of the key that signed it. */
  readonly "drift.captured": DriftOf & {
    readonly drift?: number;
    readonly repository: string;
    readonly artifact: string;
    readonly bytes: number;
    readonly key: string;
  };
  /** It was not captured, and why. */
  readonly "drift.uncaptured": DriftOf & { readonly drift?: number; readonly why: string };
  /** The instance is gone and another one serves instead. `milliseconds`: from what was seen to that. */
  readonly "drift.replaced": DriftOf & { readonly drift: number; readonly by?: string; readonly milliseconds: number };
  /** A person ran something in an instance. */
  readonly "instance.debugged": DriftOf & { readonly command: readonly string[]; readonly reason: string };
  readonly "breaker.opened": Omit<DriftOf, "instance"> & { readonly why: string };
  readonly "breaker.closed": Omit<DriftOf, "instance"> & { readonly by: "time" | "person" };
};

type DriftOf = { readonly environment: string; readonly service: string; readonly instance: string };
