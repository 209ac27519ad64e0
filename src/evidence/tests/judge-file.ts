import { formatMode } from "../../ground/format-mode.ts";
import { parsePasswd } from "../../oci/account-files.ts";
import { describeUid, uidOf } from "./accounts.ts";
import type { FileTest } from "./test-definition.ts";
import type { SeenFile } from "./test-instance.ts";
import { failed, passed, quote, type Verdict } from "./verdict.ts";

/** Whether a path is as its test wants; `passwd` is the image's list of accounts. */
export function judgeFile(test: FileTest, seen: SeenFile | undefined, passwd: string): Verdict {
  const { file, mode, owner, contains } = test;
  if (test.absent === true) {
    return seen === undefined ? passed : failed(`expected nothing at ${file}, got ${describeType(seen)}`);
  }
  if (seen === undefined) return failed(`expected ${file} to be there; it is not`);
  if (mode !== undefined && seen.mode !== mode)
    return failed(`expected ${file} to have the mode ${formatMode(mode)}, got ${formatMode(seen.mode)}`);
  const wrongOwner = owner === undefined ? undefined : judgeOwner(test, seen, passwd);
  if (wrongOwner !== undefined) return wrongOwner;
  if (contains === undefined) return passed;
  if (seen.type !== "file")
    return failed(`expected ${file} to contain ${quote(contains)}; it is ${describeType(seen)}`);
  if (seen.isFound) return passed;
  const limit = seen.isCut ? " in its first 256 MiB" : "";
  return failed(`expected ${file} to contain ${quote(contains)}; its ${seen.size} bytes do not${limit}`);
}

function judgeOwner({ file, owner = "" }: FileTest, seen: SeenFile, passwd: string): Verdict | undefined {
  const accounts = parsePasswd(passwd);
  const uid = uidOf(accounts, owner);
  if (uid === seen.uid) return undefined;
  const got = describeUid(accounts, seen.uid);
  if (uid === undefined)
    return failed(`expected ${file} to belong to ${owner}, which is no account of the image; it belongs to ${got}`);
  return failed(`expected ${file} to belong to ${owner}, got ${got}`);
}

function describeType({ type }: SeenFile): string {
  return { file: "a file", folder: "a folder", other: "something that is neither a file nor a folder" }[type];
}
