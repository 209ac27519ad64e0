import type { Digest } from "../oci/digest.ts";
import type { InstanceId } from "../runtime/runtime.ts";

/** `observe`: only told. `replace`: frozen, captured, replaced. `prevent`: as replace, and the instance is frozen before the verdict where the sensor can (a process that enters from the host). */
export type GuardMode = "observe" | "replace" | "prevent";

/** Something that a person declared to be right, with a reason; from `guard.exceptions` of a service. */
export type GuardException = {
  readonly rule: DriftRule;
  /** A path, or a pattern with `*` for any part of a name and `**` for any folders; absent: whatever it is about. */
  readonly path?: string;
  readonly reason: string;
};

/** What the guard must know of an instance to judge it. Plain data: it crosses to another process. */
export type WatchedInstance = {
  readonly id: InstanceId;
  readonly environment: string;
  readonly service: string;
  readonly release: number;
  readonly image: Digest;
  /** On the host. */
  readonly pid: number;
  /** Below the root of the cgroup hierarchies, as `/proc/PID/cgroup` has it. */
  readonly cgroup: string;
  /** The EROFS file of the image's content, and its SHA-256 as it was recorded when the image was first run. */
  readonly content: { readonly path: string; readonly sha256: string };
  /** The folders that it may write to. */
  readonly writable: readonly string[];
  /** Paths of its secrets: nothing of them is ever captured. */
  readonly secrets?: readonly string[];
  readonly mode: GuardMode;
  readonly exceptions: readonly GuardException[];
};

/** Each rule with what it means, for people: docs/guard.md is held to it. */
export const driftRules = {
  "foreign-executable": "a program runs that the image does not have",
  "memfd-executable": "a program runs from memory, without a file",
  "deleted-executable": "the file of a running program is gone",
  "renamed-executable": "a program runs under another path than the image has it at",
  "foreign-mapping": "code is mapped from a file that the image does not have",
  "dropped-program": "a program or script was written to a writable folder",
  "foreign-script": "an interpreter of the image runs a script that the image does not have",
  "entered-from-host": "a process came in from the host",
  "mount-changed": "the mounts are not those that it started with",
  "hardening-changed": "a setting of its profile is not what it was",
  "capability-regained": "a process has a capability",
  "namespace-changed": "a process is in another namespace than it started in",
  "content-changed": "the image's content on the host is not what its digest says",
  "sensor-blind": "a sensor did not see the guard's own test execution",
} as const;

export type DriftRule = keyof typeof driftRules;

/** A process as it was seen when drift was found: the chain goes from it to the instance's first process, or to where it came from on the host. */
export type SeenProcess = {
  readonly pid: number;
  readonly parent: number;
  /** Path as the process sees it, `(deleted)` and `memfd:` as the kernel says it; "" when it was gone already. */
  readonly executable: string;
  readonly command: readonly string[];
  readonly uid?: number;
  /** Milliseconds since 1970. */
  readonly started?: number;
};

/** Drift that was found on an instance. */
export type Drift = {
  readonly instance: InstanceId;
  readonly rule: DriftRule;
  /** What it is about: the program's path, the mount's target, the setting. */
  readonly subject: string;
  /** One sentence with the values, without control characters. */
  readonly message: string;
  /** Milliseconds since 1970: when the kernel saw it, and when the verdict fell. */
  readonly seen: number;
  readonly found: number;
  readonly chain: readonly SeenProcess[];
  readonly sensor: "trace" | "poll" | "files" | "sweep";
  /** What was done at once: `frozen`; or why not: the mode, the rate limit, the breaker. */
  readonly response: "frozen" | "observed" | "rate-limited" | "breaker-open" | "gone";
};

/** What the guard is able to see now. */
export type GuardStatus = {
  readonly isAwake: boolean;
  readonly sensors: readonly {
    readonly name: Drift["sensor"];
    readonly state: "awake" | "off" | "blind";
    readonly detail: string;
  }[];
  readonly watched: number;
  /** Executions seen and judged since it began; those of which the kernel said that they were lost. */
  readonly executions: number;
  readonly lost: number;
  readonly breaker: readonly {
    readonly environment: string;
    readonly service: string;
    readonly state: "closed" | "open";
    readonly until?: number;
  }[];
};

/** What an entry from the host is for, so that it is not taken for an attack: a health check, a person with the right to debug. */
export type ExpectedEntry = {
  readonly instance: InstanceId;
  readonly command: readonly string[];
  readonly milliseconds: number;
};

/** The guard of a host. */
export type Guard = {
  /** Exactly these are watched from now on; resolves once every new one is, and was looked at from top to bottom once. */
  readonly watch: (instances: readonly WatchedInstance[]) => Promise<void>;
  readonly expect: (entry: ExpectedEntry) => Promise<void>;
  readonly onDrift: (listener: (drift: Drift) => void) => void;
  /** Looks at everything of an instance now: processes, maps, mounts, settings, content. */
  readonly sweep: (id: InstanceId) => Promise<readonly Drift[]>;
  /** Writes what can be seen of an instance into a folder as files; it should be frozen. Returns their names. */
  readonly capture: (id: InstanceId, folder: string) => Promise<readonly string[]>;
  readonly status: () => Promise<GuardStatus>;
  /** Closes a service's breaker by hand. */
  readonly resetBreaker: (of: { readonly environment: string; readonly service: string }) => Promise<void>;
  readonly close: () => Promise<void>;
};
