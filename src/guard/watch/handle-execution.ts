import { readlinkSync } from "node:fs";
import type { Drift } from "../guard.ts";
import { drift } from "../verdict/finding.ts";
import { imageFileAt } from "../verdict/instance-view.ts";
import { judgeExecution } from "../verdict/judge-execution.ts";
import type { Desk } from "./desk.ts";
import { keptWords, type KnownProcess } from "./process-table.ts";
import { readExecution, unlessEnded, type SeenExecution } from "./read-process.ts";
import type { Watch } from "./watch.ts";

export type ExecutionEvent = {
  readonly filename: string;
  readonly interpreter?: string;
  /** What was read of it the moment it was told of. */
  readonly early?: SeenExecution | undefined;
  /** Milliseconds since 1970. */
  readonly seen: number;
  readonly sensor: Drift["sensor"];
};

/** A process of a watched instance executed something: judged at once, with what /proc still says of it. */
export function handleExecution(desk: Desk, process: KnownProcess, event: ExecutionEvent): void {
  const watch = desk.watches.get(process.instance);
  if (watch === undefined) return;
  const { pid } = process;
  const seen = event.early ?? readExecution(pid);
  const { filename, interpreter } = event;
  if (isStillOutside(desk, watch, process, { filename, seen })) return;
  const { executable: former } = process;
  const folders = foldersOf(desk, process, seen);
  process.executable = seen?.program.link ?? filename;
  process.command = keptWords(seen?.command);
  const isExpected = takeExpected(desk, watch, process, { filename, seen });
  const verdicts = judgeExecution(watch.view, {
    pid,
    filename,
    folders,
    former,
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(seen === undefined ? {} : { seen }),
  });
  const about = { pid, seen: event.seen, sensor: event.sensor };
  if (!isExpected) {
    const what = process.command.join(" ") || filename;
    desk.report(
      watch,
      [drift("entered-from-host", filename, `${what} was executed by a process that came in from the host`)],
      about,
    );
  }
  desk.report(watch, verdicts, about);
  if (seen !== undefined) desk.lookAgain(watch, pid);
}

type Came = { readonly filename: string; readonly seen: SeenExecution | undefined };

/**
 * runc is in the instance's cgroup before it is in its namespaces, and executes copies of itself until then: those are no programs of the instance. Its own entry has been told or announced.
 */
function isStillOutside(desk: Desk, watch: Watch, { pid, origin }: KnownProcess, { filename, seen }: Came): boolean {
  if (origin !== "host" || !desk.arriving.has(pid)) return false;
  const isRunc = /^\/proc\/self\/(?:exe|fd\/\d+)$|^\/dev\/fd\/\d+$/.test(filename);
  if (!isRunc) return false;
  const files = unlessEnded(() => readlinkSync(`/proc/${pid}/ns/mnt`));
  return seen === undefined || files !== watch.baseline.namespaces.mnt || isRuntimeCopy(seen.program.link);
}

/** What runc runs as until it executes what it came for: a file in memory, or one whose mount is gone (CVE-2019-5736). */
export function isRuntimeCopy(link: string): boolean {
  return link === "/" || link.startsWith("/memfd:runc_cloned:");
}

/** Whether the process is one of the instance, or came by announcement and runs what was announced. */
function takeExpected(desk: Desk, watch: Watch, process: KnownProcess, { filename, seen }: Came): boolean {
  if (!desk.arriving.has(process.pid)) return true;
  desk.arriving.delete(process.pid);
  const command = seen !== undefined && isOf(watch, filename, seen) ? seen.command : [];
  return desk.expectations.take(process.instance, { filename, command });
}

/**
 * Whether what was read is still this execution: a health check that is a script of the image has become another program (`exec redis-cli ping`) when a busy host comes to read it. A script has its own name behind that of its
 * interpreter.
 */
function isOf({ view }: Watch, filename: string, { program, command }: SeenExecution): boolean {
  const path = imageFileAt(view, filename)?.path;
  return path === undefined || path === program.link || command.slice(1, 3).includes(filename);
}

/** Where a relative name may begin: its own folder, and that of its parent where it is gone. */
function foldersOf(desk: Desk, { parent }: KnownProcess, seen: SeenExecution | undefined): readonly string[] {
  const own = seen?.folder;
  if (own !== undefined) return [own];
  if (desk.table.get(parent) === undefined) return [];
  return [unlessEnded(() => readlinkSync(`/proc/${parent}/cwd`))].flatMap((folder) => folder ?? []);
}
