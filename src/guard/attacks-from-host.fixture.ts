import { spawn, spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../ground/error.ts";
import type { AgentInstance } from "../../test/support/weak-instance.ts";

export function mountInside({ watched }: AgentInstance, args: readonly string[], target: string): () => void {
  const enter = ["-t", String(watched.pid), "-m"];
  spawnSync("nsenter", [...enter, "mount", ...args]);
  return () => void spawnSync("nsenter", [...enter, "umount", target]);
}

export function putIntoGroup({ watched }: AgentInstance): () => void {
  const child = spawn("sleep", ["30"], { stdio: "ignore" });
  const folders = ["freezer", "unified", ""].map((name) =>
    join("/sys/fs/cgroup", name, watched.cgroup, "cgroup.procs"),
  );
  const done = folders.some((path) => tryWrite(path, String(child.pid)));
  if (!done) throw new Error(`no cgroup ${watched.cgroup}`);
  return () => void child.kill("SIGKILL");
}

function tryWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "r+" });
    return true;
  } catch (error) {
    if (!isErrno(error, "ENOENT") && !isErrno(error, "EOPNOTSUPP")) throw error;
    return false;
  }
}

/** One bit of the file that all instances of the image run from: of its last page, so that they go on running. */
export function tamper({ watched }: AgentInstance): () => void {
  const file = openSync(watched.content.path, "r+");
  const last = fstatSync(file).size - 1;
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, last);
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, last);
  return () => {
    writeSync(file, byte, 0, 1, last);
    closeSync(file);
  };
}
