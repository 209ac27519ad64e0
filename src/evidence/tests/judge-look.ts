import { findUserEntry, parsePasswd } from "../../oci/account-files.ts";
import { describeUid, uidOf } from "./accounts.ts";
import type { PortTest, ProcessTest, UserTest } from "./test-definition.ts";
import type { TestInstance } from "./test-instance.ts";
import { failed, passed, type Verdict } from "./verdict.ts";

/** Whether the port is listened on now; who waits for it asks again. */
export function judgePort({ port }: PortTest, { listening }: Pick<TestInstance, "listening">): Verdict {
  const open = listening();
  if (open.some((one) => one.port === port)) return passed;
  const others = open.map((one) => (one.isLocal ? `${one.port} (only inside)` : String(one.port)));
  return failed(`expected port ${port} to be listened on; ${others.length === 0 ? "none is" : `only ${some(others)}`}`);
}

/** The first of many: a program may listen on every port there is. */
function some(all: readonly string[]): string {
  const shown = all.slice(0, 20).join(", ");
  return all.length > 20 ? `${shown} and ${all.length - 20} more` : shown;
}

/** Whether the account is in `passwd`, the text of the image's /etc/passwd. */
export function judgeUser({ user, shell }: UserTest, passwd: string): Verdict {
  const account = findUserEntry(parsePasswd(passwd), user);
  if (account === undefined) return failed(`expected the account ${user}; /etc/passwd has none of that name`);
  if (shell === undefined || account.shell === shell) return passed;
  return failed(`expected ${user} to have the shell ${shell}, got ${account.shell}`);
}

/** Whether a process of that name runs now; `passwd` gives names to the users. */
export function judgeProcess(
  test: ProcessTest,
  { processes }: Pick<TestInstance, "processes">,
  passwd: string,
): Verdict {
  const all = processes();
  // The kernel keeps 15 bytes of a name.
  const wanted = [test.process, test.process.slice(0, 15)];
  const found = all.filter(({ names }) => names.some((name) => wanted.includes(name)));
  if (found.length === 0) {
    const names = [...new Set(all.map((one) => one.names.join("/")))].toSorted();
    return failed(`expected a process ${test.process}; there ${names.length === 0 ? "is none" : `are ${some(names)}`}`);
  }
  if (test.user === undefined) return passed;
  const accounts = parsePasswd(passwd);
  const uid = uidOf(accounts, test.user);
  if (found.some((one) => one.uid === uid)) return passed;
  const users = [...new Set(found.map((one) => describeUid(accounts, one.uid)))];
  return failed(`expected ${test.process} to run as ${test.user}, got ${users.join(", ")}`);
}
