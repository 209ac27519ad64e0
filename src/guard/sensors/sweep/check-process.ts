import { readFileSync, readlinkSync } from "node:fs";
import type { Drift } from "../../guard.ts";
import { drift, type Verdict } from "../../verdict/finding.ts";
import { judgeProgram, judgeScript } from "../../verdict/judge-execution.ts";
import { judgeMappings, parseMaps } from "../../verdict/judge-maps.ts";
import { judgeState } from "../../verdict/judge-state.ts";
import type { Desk } from "../../watch/desk.ts";
import { handleExecution, isRuntimeCopy } from "../../watch/handle-execution.ts";
import {
  readExecution,
  readProgram,
  readStatus,
  readWords,
  unlessEnded,
  type SeenProgram,
} from "../../watch/read-process.ts";
import { capabilitySets, heldFields, readIdMaps, readNamespaces, type Watch } from "../../watch/watch.ts";

export type CheckOptions = {
  readonly sensor: Drift["sensor"];
  /** Whether it is in the instance's cgroup; one that only shares its namespaces was told as an entry. */
  readonly isMember: boolean;
};

/** Everything that /proc says of one living process of an instance: its program, code, script, rights and namespaces. */
export function checkProcess(
  desk: Desk,
  watch: Watch,
  pid: number,
  { sensor, isMember }: CheckOptions,
): readonly Drift[] {
  if (desk.arriving.has(pid)) judgeArrival(desk, watch, pid, sensor);
  // Somebody who was announced is not there yet: what runs is still the runtime's own program.
  if (desk.arriving.has(pid)) return [];
  const seen = readExecution(pid);
  const status = readStatus(pid);
  if (seen === undefined || status === undefined || /^[ZX]/.test(status.field("State"))) return [];
  const { view, baseline } = watch;
  const maps = unlessEnded(() => readFileSync(`/proc/${pid}/maps`, "utf8")) ?? "";
  const settings = Object.fromEntries([...heldFields, ...capabilitySets].map((name) => [name, status.field(name)]));
  const state = {
    pid,
    program: seen.program.link,
    settings,
    namespaces: isMember ? readNamespaces(pid) : {},
    idMaps: isMember ? readIdMaps(pid) : {},
  };
  const program = judgeProgram(view, seen.program);
  const verdicts = [
    ...(judgeRenamed(desk, pid, seen.program, program) ?? program),
    ...(program.length > 0 ? [] : judgeScript(view, seen)),
    ...judgeMappings(view, parseMaps(maps), seen.program.link),
    ...judgeState(baseline, state),
    ...judgeTracer(desk, watch, Number(status.field("TracerPid")), seen.program),
  ];
  return desk.report(watch, verdicts, { pid, sensor });
}

/** Who traces a process writes into its memory and has it do what he likes (ptrace(2)); from within an instance the profile does not let one. */
function judgeTracer(desk: Desk, { instance }: Watch, tracer: number, { link }: SeenProgram): readonly Verdict[] {
  if (!(tracer > 0) || desk.table.get(tracer)?.instance === instance.id) return [];
  const name = readProgram(tracer)?.link ?? "a process that has ended";
  return [drift("entered-from-host", name, `${name} of the host traces ${link}`)];
}

/** One who came before the kernel told of what it executes is judged by what it runs now. */
function judgeArrival(desk: Desk, watch: Watch, pid: number, sensor: Drift["sensor"]): void {
  const [process, program] = [desk.table.get(pid), readProgram(pid)];
  if (process === undefined || program === undefined) return;
  const isThere = unlessEnded(() => readlinkSync(`/proc/${pid}/ns/mnt`)) === watch.baseline.namespaces.mnt;
  const age = desk.now() - (process.started ?? 0);
  if (isThere ? isArriving(pid, program.link, age) : age < longestAbsence) return;
  // What it executed first is in what the kernel told, and may be another program than it runs by now.
  desk.drain();
  if (!desk.arriving.has(pid)) return;
  handleExecution(desk, process, { filename: program.link, seen: desk.now(), sensor });
}

/** Milliseconds that a runtime may take to be inside. */
const longestArrival = 3000;
/** Attack: one that comes while another is announced, enters the namespace of processes alone, and executes nothing. A runtime on a busy host is not that late. */
const longestAbsence = 30_000;

/** Whether it still is the runtime's own program, a copy in memory or one without a path. Attack: one that calls itself so stays that for a while only. */
function isArriving(pid: number, link: string, age: number): boolean {
  const [name, task] = readWords(`/proc/${pid}/cmdline`) ?? [];
  // In the middle of execve(2) the program is there and its words are not.
  if (name === undefined) return age < longestArrival;
  // Whichever way runc protects its file, this is what it calls itself until then.
  const isRunc = isRuntimeCopy(link) || (name === "runc" && task === "init");
  return isRunc && age < longestArrival;
}

/** A foreign program that was seen when it was executed, and whose file has another name since then. */
function judgeRenamed(
  desk: Desk,
  pid: number,
  { link, isDeleted }: SeenProgram,
  program: readonly Verdict[],
): readonly Verdict[] | undefined {
  const executed = desk.table.get(pid)?.executable ?? "";
  const isForeign = program.some(({ rule }) => rule === "foreign-executable");
  if (!isForeign || isDeleted || executed === "" || executed === link || !executed.startsWith("/")) return undefined;
  return [
    drift(
      "renamed-executable",
      link,
      `the program that was executed as ${executed} is named ${link} now; the image has neither`,
    ),
  ];
}
