import { constants } from "node:os";
import type { ChildEnd } from "../../ground/libc.ts";

type ChildStatus =
  | { readonly status: "exited"; readonly exitCode: number }
  | { readonly status: "killed"; readonly signal: string };

/** How a process ended, with the name of the signal that ended it. */
export function statusOf({ exitCode, signal }: ChildEnd): ChildStatus {
  if (signal === undefined) return { status: "exited", exitCode };
  return { status: "killed", signal: signalName(signal) };
}

export function signalName(signal: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return name ?? `signal ${signal}`;
}
