/** How one test or lint ended. `broken`: it could not be carried out, which says nothing about the image. */
export type Outcome = "passed" | "failed" | "skipped" | "broken";

export type CheckResult = {
  /** `test` of the definition, or `lint`. */
  readonly kind: "test" | "lint";
  /** The test's name, or the lint's stable name. */
  readonly name: string;
  readonly outcome: Outcome;
  /** Milliseconds. */
  readonly duration: number;
  /** What was expected and what was there, one sentence; the reason of a skip. */
  readonly message?: string;
  /** The end of what the program printed, at most 64 KiB; the paths that a lint found. */
  readonly output?: string;
  /** A lint's findings, each a path or port with what is wrong there. */
  readonly findings?: readonly { readonly where: string; readonly what: string }[];
};

export type TestReport = {
  readonly image: string;
  readonly name?: string;
  /** ISO 8601. */
  readonly started: string;
  readonly checks: readonly CheckResult[];
};
