import { setTimeout as sleep } from "node:timers/promises";
import { defaultTimeout } from "../../evidence/tests/run-tests.ts";
import type { TestInstance } from "../../evidence/tests/test-instance.ts";

/** Milliseconds that a program gets to open other ports than the declared one, such as one for metrics. */
export const settleTime = 1000;

/** What others reach once the instance is up, and not before the time `settled`; undefined where nothing runs in it. What listens on 127.0.0.1 alone is a matter of the instance itself. */
export async function portsOf(
  instance: TestInstance,
  { declared, settled }: { readonly declared: number | undefined; readonly settled: number },
): Promise<readonly { port: number }[] | undefined> {
  const deadline = declared === undefined ? settled : Date.now() + defaultTimeout;
  const isUp = (): boolean => Date.now() >= settled && instance.listening().some(({ port }) => port === declared);
  while (!isUp() && instance.whyIdle() === undefined && Date.now() < deadline) await sleep(20);
  if (instance.whyIdle() !== undefined) return undefined;
  return instance
    .listening()
    .filter(({ isLocal }) => !isLocal)
    .map(({ port }) => ({ port }));
}
