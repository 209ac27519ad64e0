import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { IngotError } from "../ground/error.ts";
import { runCommand } from "../ground/run-command.ts";

/** How many user and group numbers an image may use: all of 16 bits. */
const idCount = 65_536;

/**
 * Gives the user namespace of process `pid` its numbers. For root each number is itself: what root inside may do to files is what the host's root may,
 * but it has no capability over the host. For anyone else 0 is the caller, and the rest come from /etc/subuid and /etc/subgid.
 */
export async function mapUserNamespace(pid: number): Promise<void> {
  if (process.getuid?.() === 0) {
    for (const file of ["uid_map", "gid_map"]) writeFileSync(`/proc/${pid}/${file}`, `0 0 ${idCount}\n`);
    return;
  }
  await map("newuidmap", pid, { own: process.getuid?.() ?? 0, start: subordinateStart("/etc/subuid") });
  await map("newgidmap", pid, { own: process.getgid?.() ?? 0, start: subordinateStart("/etc/subgid") });
}

async function map(program: string, pid: number, { own, start }: { own: number; start: number }): Promise<void> {
  const numbers = [pid, 0, own, 1, 1, start, idCount - 1];
  await runCommand(program, numbers.map(String), { package: "uidmap" });
}

function subordinateStart(file: string): number {
  const { username, uid } = currentUser();
  const lines = readLines(file).map((line) => line.split(":"));
  const range = lines.find(
    ([who, , count]) => (who === username || who === String(uid)) && Number(count) >= idCount - 1,
  );
  if (range !== undefined) return Number(range[1]);
  const flag = file === "/etc/subuid" ? "--add-subuids" : "--add-subgids";
  throw new IngotError(
    "user-namespace-unavailable",
    `${file} gives the user ${username} no range of ${idCount - 1} numbers`,
    {
      hint: `sudo usermod ${flag} 100000-165535 ${username}`,
    },
  );
}

function currentUser(): { username: string; uid: number } {
  try {
    return userInfo();
  } catch {
    // A number without a name, as in a container: /etc/subuid may still list the number.
    const uid = process.getuid?.() ?? 0;
    return { username: String(uid), uid };
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (cause) {
    throw new IngotError("user-namespace-unavailable", `${file} cannot be read`, {
      hint: "sudo apt-get install uidmap",
      cause,
    });
  }
}
