import { drift } from "../verdict/finding.ts";
import type { Desk } from "./desk.ts";
import { readProgram, readStatus, readWords } from "./read-process.ts";
import { listThreads, type Watch } from "./watch.ts";

export type Entry = {
  readonly pid: number;
  /** How it was noticed, for the sentence. */
  readonly how: string;
  readonly seen: number;
  readonly sensor: "trace" | "poll" | "sweep";
};

/**
 * A process that is none of the instance's came into it. One that was announced is let in until it executes something, which must then be what was announced; any other is drift at once, with the chain
 * of processes of the host that it comes from.
 */
export function handleEntry(desk: Desk, watch: Watch, { pid, how, seen, sensor }: Entry): void {
  const { id } = watch.instance;
  const known = desk.table.get(pid);
  if (known?.instance === id) return;
  const isExpected = desk.expectations.isOpen(id);
  const letGo = isExpected ? undefined : desk.holdNow(watch);
  const process = desk.table.add(pid, { instance: id, origin: "host" });
  void desk.follow([pid, ...listThreads(pid)]);
  desk.lookForOthers(watch);
  if (isExpected) {
    desk.arriving.set(pid, id);
    return;
  }
  const name =
    process.executable ||
    readProgram(pid)?.link ||
    readStatus(pid)?.name ||
    desk.nameOf(pid) ||
    "a process that has ended";
  const command = (readWords(`/proc/${pid}/cmdline`) ?? process.command).join(" ");
  const verdict = drift("entered-from-host", name, `${command || name} ${how}`);
  const drifts = desk.report(watch, [verdict], { pid, seen, sensor });
  // Excepted, told before, the limit, the breaker: it is said to serve on, and nobody would replace it.
  if (!drifts.some(({ response }) => response === "frozen")) letGo?.();
}
