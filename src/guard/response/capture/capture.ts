import type { Drift, WatchedInstance } from "../../guard.ts";

/** What is captured, and where it goes. */
export type CaptureRequest = {
  readonly instance: WatchedInstance;
  /** What was found; absent: a person asked for it. */
  readonly drift?: Drift;
  /** Where its files go: a folder that is made for it, open to nobody else. Throws Node's `EEXIST` where there is one. */
  readonly folder: string;
  readonly limits?: Partial<CaptureLimits>;
};

export type CaptureLimits = {
  /** Milliseconds for all of it. */
  readonly time: number;
  /** Bytes of all contents of files; of one file. */
  readonly bytes: number;
  readonly fileBytes: number;
  /** Entries below the folders that it may write to. */
  readonly entries: number;
  readonly processes: number;
  /** Programs that are copied. */
  readonly programs: number;
};

export const captureLimits: CaptureLimits = {
  time: 2000,
  bytes: 64 << 20,
  fileBytes: 16 << 20,
  entries: 4096,
  processes: 256,
  programs: 32,
};

/** A file of a capture: `name` below its folder, with `/` between the parts. */
export type CapturedFile = { readonly name: string; readonly size: number; readonly sha256: string };
