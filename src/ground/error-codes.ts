/**
 * The closed catalogue of everything that can go wrong. A code is permanent: scripts and people search for it. `exit` is the
 * process's exit code (1 failed, 2 usage, 3 refused by policy, 4 drift or verification failure found); `means` is the line that
 * docs/errors.md prints, and a test keeps both equal.
 */
export const errorCodes = {
  usage: { exit: 2, means: "The command line does not make sense." },
  "internal-error": { exit: 1, means: "A mistake in Ingot itself." },
  cancelled: { exit: 1, means: "The user or a signal stopped the command." },
  "command-missing": { exit: 1, means: "A program that Ingot runs is not installed on this host." },
  "command-failed": { exit: 1, means: "A program that Ingot runs ended with an error." },
  "disk-full": { exit: 1, means: "No space is left where Ingot writes." },
  "locked-by-another": { exit: 1, means: "Another Ingot process holds the same store or project." },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4; means: string }>;

export type ErrorCode = keyof typeof errorCodes;
