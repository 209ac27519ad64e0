import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Redactor } from "./redact.ts";
import { listProc, readProc, readProcLink, unlessRefused } from "./read-proc.ts";

/** An open file of a process. */
export type CapturedDescriptor = {
  readonly pid: number;
  readonly descriptor: number;
  /** As the kernel says it: `/run/x (deleted)`, `socket:[1234]`, `/memfd:x (deleted)`. */
  readonly target: string;
  /** Octal flags of open(2), and the place in the file. */
  readonly flags: string;
  readonly position: string;
  /** Of a socket: by which `sockets.json` names it. */
  readonly socket?: number;
  /** Whether it is a file that no path leads to any more: only its descriptor still has it. */
  readonly isDeletedFile: boolean;
};

/** Of one process: a program may open a thousand times more, and say nothing new by it. */
export const mostDescriptors = 1024;

export function seeDescriptors(pid: number, redactor: Redactor): readonly CapturedDescriptor[] {
  return listProc(`/proc/${pid}/fd`)
    .slice(0, mostDescriptors)
    .map((name) => {
      const target = readProcLink(`/proc/${pid}/fd/${name}`);
      const information = readProc(`/proc/${pid}/fdinfo/${name}`, 4096).toString();
      const socket = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      return {
        pid,
        descriptor: Number(name),
        target: redactor.text(target),
        flags: /^flags:\s*(\d+)/m.exec(information)?.[1] ?? "",
        position: /^pos:\s*(\d+)/m.exec(information)?.[1] ?? "",
        ...(socket === undefined ? {} : { socket: Number(socket) }),
        isDeletedFile: target.endsWith(" (deleted)") && isFile(`/proc/${pid}/fd/${name}`),
      };
    });
}

/** Without opening what is there: a pipe would wait, a device would act. */
function isFile(path: string): boolean {
  const pathOnly = 0o10000000;
  const place = unlessRefused(() => openSync(path, pathOnly | constants.O_RDONLY));
  if (place === undefined) return false;
  try {
    return fstatSync(place).isFile();
  } finally {
    closeSync(place);
  }
}
