import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import { parseCheckpointText, readCheckpoint } from "../log/checkpoint.ts";
import { emptyRoot } from "../log/merkle.ts";
import { parseNote } from "../log/note.ts";
import { rootAt } from "../log/prove.ts";
import { makeTileCache, treeReader } from "../log/tree-reader.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import type { TreeHead } from "../log/verify-proof.ts";
import type { Fold } from "../projection/fold.ts";
import { isDatabaseError, openDatabase, readAddress, type OpenDatabase } from "../projection/sqlite.ts";
import { markTable, readMark, type StateMark } from "../projection/state.ts";
import { foldEvents, readHead, readLogEvents } from "../replay.ts";
import { compareTables } from "./compare-tables.ts";
import { checkHeader } from "./database-header.ts";
import type { StateFinding, StateFindings } from "./state-finding.ts";

export type VerifyStateOptions = {
  /** Of the log. */
  readonly folder: string;
  readonly fold: Fold;
  /** The log's vkey: with it, the checkpoint that the state names must be signed. */
  readonly verifierKey?: string;
  /** Default: `state.db` beside the log's folder. */
  readonly path?: string;
};

/**
 * Folds the log anew and compares every row of the state with it, and has SQLite check the file. Not covered, since nothing reads it: pages and parts of pages that hold no row, and the
 * counters in the file's header. Throws as `replayState` for the log; everything about the state is a finding.
 */
export function verifyState(options: VerifyStateOptions): StateFindings {
  const { folder, path = join(dirname(folder), "state.db") } = options;
  const { size } = readHead(folder);
  if (!existsSync(path)) return { ...nothing, findings: [{ problem: "there is no state file" }] };
  let state: OpenDatabase | undefined;
  try {
    state = openDatabase(path, "read");
    const header = checkHeader(path);
    const mark = readMark(state);
    const damage = [...header, ...state.findDamage()].map((problem) => ({ problem }));
    if (mark === undefined)
      return {
        ...nothing,
        findings: [...damage, { table: markTable, problem: "the state does not say what it was folded from" }],
      };
    return compare(options, { path, mark, damage, size });
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return { ...nothing, findings: [{ problem: `SQLite cannot read the file: ${error.message}` }] };
  } finally {
    state?.close();
  }
}

const nothing = { size: 0, behind: 0, rows: 0 } as const;

type Opened = {
  readonly path: string;
  readonly mark: StateMark;
  readonly damage: readonly StateFinding[];
  readonly size: number;
};

function compare(options: VerifyStateOptions, { path, mark, damage, size }: Opened): StateFindings {
  const head = readSeen(mark, options);
  if (head instanceof IngotError || head.size > size || !isPrefix(options.folder, head, size)) {
    const problem =
      head instanceof IngotError ? head.message : `the state was folded from another log, of ${head.size} entries`;
    return { ...nothing, findings: [...damage, { table: markTable, problem }] };
  }
  const { fold, folder } = options;
  if (mark.version !== fold.version) {
    const problem = `the state was made by version ${mark.version} of its tables, and this is ${fold.version}`;
    return { ...nothing, findings: [...damage, { table: markTable, problem }] };
  }
  const expected = foldEvents(fold, readLogEvents(folder, head.size));
  try {
    const { rows, findings } = compareTables(expected, readAddress(path));
    return { size: head.size, behind: size - head.size, rows, findings: [...damage, ...findings] };
  } finally {
    expected.close();
  }
}

function readSeen({ note }: StateMark, { verifierKey }: VerifyStateOptions): TreeHead | IngotError {
  const from = "the checkpoint of the state";
  try {
    if (verifierKey !== undefined) return readCheckpoint(note, parseVerifierKey(verifierKey, "the log's key"), from);
    return parseCheckpointText(parseNote(note, from).text, from);
  } catch (error) {
    if (error instanceof IngotError) return error;
    throw error;
  }
}

function isPrefix(folder: string, head: TreeHead, size: number): boolean {
  const root = head.size === 0 ? emptyRoot : rootAt(treeReader(folder, size, makeTileCache()), head.size);
  return root.equals(head.root);
}
