/** What a test asks of instances. Whoever calls the runner brings it: this room starts nothing. */
export type TestInstances = {
  /** An instance as it is deployed, to look at. Throws where this machine cannot start one, which says nothing about the image. */
  readonly start: () => Promise<TestInstance>;
  /** Runs a program as the only one of an instance of its own, and removes that with whatever the program left, started or wrote. */
  readonly run: (command: readonly string[], request: RunRequest) => Promise<ProgramEnd>;
};

export type TestInstance = {
  /** `http://10.213.0.2:8080`; absent where the image declares no port. */
  readonly origin?: string;
  /** Why no program of the image runs in it: a sentence without its end; undefined while one does. */
  readonly whyIdle: () => string | undefined;
  /** What it printed last. */
  readonly lastOutput: () => string;
  /** Also where no program runs in it. */
  readonly file: (path: string, find?: string) => Promise<SeenFile | undefined>;
  /** A small text file. */
  readonly text: (path: string) => Promise<string | undefined>;
  readonly listening: () => readonly { readonly port: number; readonly isLocal: boolean }[];
  readonly processes: () => readonly { readonly names: readonly string[]; readonly uid: number }[];
  /** Removes all of it. */
  readonly stop: () => Promise<void>;
};

export type RunRequest = { readonly timeout: number; readonly maxOutput: number; readonly find?: string };

/** `output`: the end of what was printed, `cut` bytes before it; `isFound`: `find` was printed anywhere. */
export type ProgramEnd = {
  readonly output: string;
  readonly cut: number;
  readonly isFound: boolean;
  readonly limitsMet: readonly ("processes" | "memory")[];
} & (
  | { readonly status: "exited"; readonly exitCode: number }
  | { readonly status: "killed"; readonly signal: string }
  | { readonly status: "timed-out" }
  | { readonly status: "not-started"; readonly reason: string }
);

/** Ids and mode as they are inside. `isFound`: the text is in what was read of it; `isCut`: not all was read. */
export type SeenFile = {
  readonly type: "file" | "folder" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly isFound: boolean;
  readonly isCut: boolean;
};
