import { fork } from "node:child_process";
import { extname, join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { withoutSecrets } from "../../ground/secret-environment.ts";
import { receivedError } from "../../runtime/helper/resident-messages.ts";
import type { ScanAnswer, Scanned, ScanOrder } from "./scan-order.ts";

export type ScanBounds = {
  /** Milliseconds after which it is killed. */
  readonly timeout: number;
  /** Kills it. */
  readonly signal: AbortSignal;
};

/** MiB of its heap. Attack: an image whose lists are as large as the memory. */
const mostMemory = 2048;

/** Has a process of its own scan an image. Throws `scan-broken` where that ends without an answer, and what the scan throws. */
export async function runScan(
  ctx: Pick<Context, "env" | "home">,
  order: ScanOrder,
  { timeout, signal }: ScanBounds,
): Promise<Scanned> {
  const child = fork(join(import.meta.dirname, `scan-process${extname(import.meta.filename)}`), [], {
    execArgv: ["--disable-warning=ExperimentalWarning", `--max-old-space-size=${mostMemory}`],
    serialization: "json",
    cwd: "/",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...withoutSecrets(ctx.env), NODE_COMPILE_CACHE: join(ctx.home, "cache/node") },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Scanned>();
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(() => {
    reject(broken(`it took longer than ${Math.round(timeout / 1000)} s`));
    kill();
  }, timeout);
  signal.addEventListener("abort", kill);
  child.on("message", (answer: ScanAnswer) => {
    if (answer.kind === "done") resolve(answer.scanned);
    else reject(receivedError(answer.error));
  });
  child.on("error", (error) => reject(broken(error.message)));
  const ended = new Promise<void>((end) => {
    child.on("close", (code, by) => {
      reject(broken(by === null ? `its process ended with exit code ${code}` : `its process ended by ${by}`));
      end();
    });
  });
  child.send(order, () => {});
  if (signal.aborted) kill();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await ended;
    signal.removeEventListener("abort", kill);
  }
}

function broken(why: string): IngotError {
  return new IngotError("scan-broken", `a scan ended without an answer: ${why}`, {
    hint: "it is tried again by itself; ingot scan IMAGE on the controller's machine shows what is wrong",
  });
}
