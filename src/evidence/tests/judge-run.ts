import type { RunTest } from "./test-definition.ts";
import type { ProgramEnd } from "./test-instance.ts";
import { failed, passed, quote, type Verdict } from "./verdict.ts";

/** Whether a program ended as its test wants. `timeout` in milliseconds. */
export function judgeRun({ run, exit = 0, contains }: RunTest, end: ProgramEnd, timeout: number): Verdict {
  const { output } = end;
  const wanted = `expected ${run[0]} to end with exit code ${exit}`;
  const limits = end.limitsMet.map((limit) => limitTexts[limit]).join("");
  if (end.status === "not-started") return failed(`${wanted}; it could not be started: ${end.reason}`);
  if (end.status === "timed-out")
    return failed(`${wanted}; it was ended with all that it started after ${timeout / 1000} s${limits}`, shown(end));
  if (end.status === "killed") return failed(`${wanted}; ${end.signal} ended it${limits}`, shown(end));
  if (end.exitCode !== exit) return failed(`${wanted}, got ${end.exitCode}${limits}`, shown(end));
  if (!end.isFound) return failed(`expected ${run[0]} to print ${quote(contains ?? "")}, which it did not`, shown(end));
  return { ...passed, ...(output === "" ? {} : { output: shown(end) }) };
}

const limitTexts = {
  processes: ", and it met the instance's limit of processes",
  memory: ", and it met the instance's limit of memory",
} as const;

function shown({ output, cut }: ProgramEnd): string {
  return cut === 0 ? output : `… ${cut} bytes before this are not kept …\n${output}`;
}
