import type { Catalogue } from "./catalogue.ts";

/** Of `ledger`: events, logs, checkpoints, witnesses. */
export const ledgerCodes = {
  "event-malformed": { exit: 1, means: "An event holds a value that canonical JSON cannot say." },
  "log-damaged": { exit: 4, means: "A file of a log does not have the content that the log's tree says." },
  "log-entry-too-large": { exit: 1, means: "An entry has more bytes than a log can hold in one." },
  "log-entry-unknown": { exit: 1, means: "A log has no entry of the number that was asked for." },
  "log-forked": { exit: 4, means: "A log is not the continuation of what it signed before." },
  "log-key-wrong": { exit: 1, means: "A log was signed by another key than the one that was given." },
  "log-missing": { exit: 1, means: "There is no log in a folder." },
  "log-note-malformed": { exit: 4, means: "A signed note or checkpoint is not of the form that C2SP writes." },
  "log-write-failed": { exit: 1, means: "A log could not be written; what it acknowledged before is unharmed." },
  "witness-in-doubt": {
    exit: 1,
    means:
      "Too few witnesses cosigned a checkpoint, and one may have recorded it: the log offers it again before any other.",
  },
  "witness-unreachable": { exit: 1, means: "Too few witnesses cosigned a checkpoint, and none has recorded it." },
} as const satisfies Catalogue;
