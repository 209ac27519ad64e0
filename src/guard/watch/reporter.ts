import type { Drift } from "../guard.ts";
import type { Responder } from "../response/respond.ts";
import { isExcepted } from "../verdict/exceptions.ts";
import type { Verdict } from "../verdict/finding.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Watch } from "./watch.ts";

export type ReportAbout = {
  /** The process that it is about; absent: the instance itself. */
  readonly pid?: number;
  /** Milliseconds since 1970 when the kernel saw it; absent: now. */
  readonly seen?: number;
  readonly sensor: Drift["sensor"];
  /** What makes it another one of the same rule and subject: a file's inode. */
  readonly mark?: number;
};

/** Turns verdicts into drift: leaves out what is excepted or was told already, has it responded to, and tells. Returns what was told. */
export type Report = (watch: Watch, verdicts: readonly Verdict[], about: ReportAbout) => readonly Drift[];

export type ReporterOptions = {
  readonly now: () => number;
  readonly table: ProcessTable;
  readonly responder: Responder;
  readonly tell: (drift: Drift) => void;
};

/** Drifts that are remembered so that a sweep does not tell them anew, for all instances together. */
const mostRemembered = 65_536;

export function openReporter({
  now,
  table,
  responder,
  tell,
}: ReporterOptions): Report & { forget: (id: string) => void } {
  const told = new Map<string, string>();
  const report: Report = ({ instance }, verdicts, { pid, seen, sensor, mark }) => {
    const fresh = verdicts.filter((verdict) => {
      if (isExcepted(verdict, instance.exceptions)) return false;
      const key = JSON.stringify([instance.id, instance.pid, verdict.rule, verdict.subject, pid, mark]);
      if (told.has(key)) return false;
      if (told.size >= mostRemembered) told.delete(told.keys().next().value ?? "");
      told.set(key, instance.id);
      return true;
    });
    if (fresh.length === 0) return [];
    const chain = table.chain(pid ?? instance.pid);
    return fresh.map((verdict) => {
      const found = now();
      const finding = { instance: instance.id, ...verdict, seen: seen ?? found, found, chain, sensor };
      const drift: Drift = { ...finding, response: responder.respond(finding, instance) };
      tell(drift);
      return drift;
    });
  };
  const forget = (id: string): void => {
    for (const [key, instance] of told) if (instance === id) told.delete(key);
  };
  return Object.assign(report, { forget });
}
