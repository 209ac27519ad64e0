import type { InstanceId } from "../../runtime/runtime.ts";
import type { Expectations } from "./expectations.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Report } from "./reporter.ts";
import type { Watch } from "./watch.ts";

/** What the sensors share: who is watched, which process is whose, and where to tell what was found. */
export type Desk = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly watches: Map<InstanceId, Watch>;
  readonly table: ProcessTable;
  readonly expectations: Expectations;
  readonly report: Report;
  /** Has the kernel tell of processes that came from elsewhere; nothing where there is no trace sensor. */
  readonly follow: (pids: readonly number[]) => Promise<void>;
  /** Handles what the kernel has told by now, also what nobody came to yet: before it is asked who is not known. */
  readonly drain: () => void;
  /** What the kernel called a process of the host that may have ended. */
  readonly nameOf: (pid: number) => string;
  /** Processes of the host that are at work on an instance by announcement, before what they came for has begun. */
  readonly arriving: Map<number, InstanceId>;
  /** Of an instance in the mode `prevent`: stops it now, before anything is read or judged. Returns what lets it go on where the verdict is that it may. */
  readonly holdNow: (watch: Watch) => () => void;
  /** Looks who else came with a process that came from the host: what it made before the kernel followed it is told by nobody. */
  readonly lookForOthers: (watch: Watch) => void;
  /** Looks again, a moment later, at a process that executed something: what it mapped, what it became. */
  readonly lookAgain: (watch: Watch, pid: number) => void;
};
