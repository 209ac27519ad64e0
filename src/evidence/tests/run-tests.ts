import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { judgeGet } from "./get-page.ts";
import { judgeFile } from "./judge-file.ts";
import { judgePort, judgeProcess, judgeUser } from "./judge-look.ts";
import { judgeRun } from "./judge-run.ts";
import type { TestDefinition } from "./test-definition.ts";
import type { TestInstance, TestInstances } from "./test-instance.ts";
import type { CheckResult } from "./test-result.ts";
import { failed, type Verdict } from "./verdict.ts";

/** Milliseconds that a test may take where its definition does not say. */
export const defaultTimeout = 10_000;
const maxOutput = 64 * 1024;
/** Between two looks at an instance that may still be starting. */
const pause = 50;

type TestContext = Pick<Context, "fetch" | "signal">;

export type TestRun = {
  readonly run: TestInstances["run"];
  /** The instance to look at: the same at each call. */
  readonly shared: () => Promise<TestInstance>;
  /** Called as each test ends. */
  readonly onResult?: (result: CheckResult) => void;
};

/**
 * Carries out a definition's tests, one after the other, in their order. Each `run` has an instance of its own; the other kinds only look, and share one. A test
 * that cannot be carried out is `broken`. Throws only `cancelled`.
 */
export async function runTests(
  ctx: TestContext,
  tests: readonly TestDefinition[],
  { run, shared, onResult }: TestRun,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const test of tests) {
    const begun = performance.now();
    const ended = await carryOut(ctx, test, { run, shared });
    const result = {
      kind: "test",
      name: test.name,
      duration: Math.round(performance.now() - begun),
      ...ended,
    } as const;
    results.push(result);
    onResult?.(result);
  }
  return results;
}

async function carryOut(
  ctx: TestContext,
  test: TestDefinition,
  run: TestRun,
): Promise<Pick<CheckResult, "outcome" | "message" | "output">> {
  try {
    const { isPassed, ...rest } = await judge(ctx, test, run);
    return { outcome: isPassed ? "passed" : "failed", ...rest };
  } catch (error) {
    if (!(error instanceof IngotError) || error.code === "cancelled" || error.code === "internal-error") throw error;
    // The machine's fault, or an instance that was refused: what the image is like was not seen.
    return { outcome: "broken", message: `could not be carried out: ${error.message}`, ...outputOf(error) };
  }
}

function outputOf({ details, hint }: IngotError): { output?: string } {
  const lines = [...details, ...(hint === undefined ? [] : [`hint: ${hint}`])];
  return lines.length === 0 ? {} : { output: lines.join("\n") };
}

async function judge(ctx: TestContext, test: TestDefinition, { run, shared }: TestRun): Promise<Verdict> {
  const { timeout = defaultTimeout } = test;
  if (test.kind === "run") {
    const find = test.contains === undefined ? {} : { find: test.contains };
    return judgeRun(test, await run(test.run, { timeout, maxOutput, ...find }), timeout);
  }
  const instance = await shared();
  const passwd = (await instance.text("/etc/passwd")) ?? "";
  if (test.kind === "file") return judgeFile(test, await instance.file(test.file, test.contains), passwd);
  if (test.kind === "user") return judgeUser(test, passwd);
  return untilPassed(ctx, { timeout, instance }, async (signal) => {
    if (test.kind === "port") return judgePort(test, instance);
    if (test.kind === "process") return judgeProcess(test, instance, passwd);
    if (instance.origin === undefined) return failed(`expected ${test.get} to be served; the image declares no port`);
    return judgeGet(ctx, test, { origin: instance.origin, signal });
  });
}

type Patience = { readonly timeout: number; readonly instance: TestInstance };

/** A program needs a moment until it listens: the same look again until it is right, or time is up, or nothing runs that could make it right. */
async function untilPassed(
  ctx: TestContext,
  { timeout, instance }: Patience,
  look: (signal: AbortSignal) => Promise<Verdict>,
): Promise<Verdict> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ctx.signal]);
  for (let former: Verdict | undefined; ;) {
    const idle = instance.whyIdle();
    const latest = await look(signal);
    ctx.signal.throwIfAborted();
    if (latest.isPassed) return latest;
    // A look that the end of the time cut off says less than the one before it.
    const verdict = signal.aborted ? (former ?? latest) : latest;
    former = verdict;
    const output = verdict.output ?? instance.lastOutput();
    if (idle !== undefined) return failed(`${verdict.message}: ${idle}`, output);
    if (signal.aborted) return failed(`${verdict.message}, for ${timeout / 1000} s`, output);
    await sleep(pause);
  }
}
