import { existsSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { parseCheckpointText, readCheckpoint } from "../log/checkpoint.ts";
import type { Checkpoint } from "../log/log.ts";
import { checkSignatures, parseNote } from "../log/note.ts";
import { parseVerifierKey, type VerifierKey } from "../log/verifier-key.ts";
import { eventCheck } from "./check-event.ts";
import type { LogFinding, LogFindings } from "./finding.ts";
import { listLogFiles, readLogFile } from "./log-files.ts";
import { TreeCheck } from "./tree-check.ts";

export type VerifyLogOptions = {
  readonly folder: string;
  /** The log's vkey. */
  readonly verifierKey: string;
  /** Vkeys of witnesses, each of which must have cosigned; without them cosignatures are not looked at. */
  readonly witnesses?: readonly string[];
  /** What is wrong with an entry, by what it says; default: it must be an event, and no older than the one before. */
  readonly checkEntry?: (entry: Buffer, index: number) => string | undefined;
};

/**
 * Checks a whole log from its files and public key alone: the checkpoint's signature, every entry, every tile of every level, full or partial. Throws `log-missing`, and
 * `key-malformed` for a key that cannot be read; everything else is a finding.
 */
export function verifyLog({
  folder,
  verifierKey,
  witnesses = [],
  checkEntry = eventCheck(),
}: VerifyLogOptions): LogFindings {
  const keys = {
    log: parseVerifierKey(verifierKey, "the log's key"),
    witnesses: witnesses.map((one) => parseVerifierKey(one, "a witness' key")),
  };
  if (!existsSync(folder))
    throw new IngotError("log-missing", `there is no log in ${folder}`, {
      hint: "name the folder that has the file checkpoint",
    });
  const { checkpoint, findings } = checkCheckpoint(folder, keys);
  // Without a size nothing else says what should be there.
  if (checkpoint === undefined) return { checkpoint, findings, entries: 0, files: 1, leftovers: [] };
  const listed = listLogFiles(folder, checkpoint.size);
  const tree = new TreeCheck({ folder, head: checkpoint, former: listed.former, checkEntry });
  tree.run();
  return {
    checkpoint,
    entries: tree.entries,
    files: tree.files + 1,
    findings: [...findings, ...tree.findings, ...listed.findings],
    leftovers: listed.leftovers,
  };
}

type Keys = { readonly log: VerifierKey; readonly witnesses: readonly VerifierKey[] };

type Checked = { readonly checkpoint: Omit<Checkpoint, "note"> | undefined; readonly findings: readonly LogFinding[] };

function checkCheckpoint(folder: string, keys: Keys): Checked {
  const note = readLogFile(folder, checkpointFile);
  if (note === undefined) return { checkpoint: undefined, findings: [{ file: checkpointFile, problem: "is missing" }] };
  const findings = [checkSigned(note, keys)].filter((finding) => finding !== undefined);
  try {
    // Also one whose signature is not good says where to look for the entry that was altered.
    return { checkpoint: parseCheckpointText(parseNote(note, checkpointFile).text, checkpointFile), findings };
  } catch (error) {
    return { checkpoint: undefined, findings: [asFinding(error)] };
  }
}

function checkSigned(note: Buffer, { log, witnesses }: Keys): LogFinding | undefined {
  try {
    readCheckpoint(note, log, checkpointFile);
    const cosigned = checkSignatures(parseNote(note, checkpointFile), witnesses, checkpointFile);
    const missing = witnesses.find((witness) => !cosigned.includes(witness));
    return missing && { file: checkpointFile, problem: `is not cosigned by ${missing.name}` };
  } catch (error) {
    return asFinding(error);
  }
}

const checkpointFile = "checkpoint";

function asFinding(error: unknown): LogFinding {
  if (!(error instanceof IngotError)) throw error;
  return { file: checkpointFile, problem: error.message.replace(/^checkpoint /, "") };
}
