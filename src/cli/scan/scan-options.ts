import type { ProjectOptions } from "../open-project.ts";

/** The options of `ingot scan`, as commander gives them. */
export type ScanOptions = ProjectOptions & {
  readonly insecure?: boolean;
  readonly failOn?: readonly string[];
  readonly vex?: readonly string[];
  readonly vexOut?: string;
  readonly author?: string;
  readonly role?: string;
  readonly key?: readonly string[];
  readonly sarif?: string;
  readonly output?: string;
  /** The very words that each finding rests on. */
  readonly evidence?: boolean;
  /** False with `--no-security-suite`. */
  readonly securitySuite: boolean;
  /** False with `--no-feeds`. */
  readonly feeds: boolean;
  /** False with `--no-sign`. */
  readonly sign: boolean;
  readonly passphraseFile?: string;
};
