import type { Catalogue } from "./catalogue.ts";

/** Of every command, and of what a person writes (`project`). */
export const generalCodes = {
  usage: { exit: 2, means: "The command line does not make sense." },
  "internal-error": { exit: 1, means: "A mistake in Ingot itself." },
  cancelled: { exit: 1, means: "The user or a signal stopped the command." },
  "command-missing": { exit: 1, means: "A program that Ingot runs is not installed on this host." },
  "command-failed": { exit: 1, means: "A program that Ingot runs ended with an error." },
  "disk-full": { exit: 1, means: "No space is left where Ingot writes." },
  "locked-by-another": { exit: 1, means: "Another Ingot process holds the same store or project." },
  "permission-denied": { exit: 1, means: "The operating system refuses access to a path." },

  "definition-invalid": { exit: 1, means: "ingot.yaml holds mistakes; all of them are listed with their places." },
  "definition-has-password": {
    exit: 1,
    means: "The definition holds a user's name or password, which its provenance would publish.",
  },
  "definition-missing": { exit: 1, means: "There is no ingot.yaml here or in any folder above." },
  "init-would-overwrite": { exit: 1, means: "A file that ingot init would write exists already." },
} as const satisfies Catalogue;
