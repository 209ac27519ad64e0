import type { Context } from "../../ground/context.ts";
import type { InstanceId, LogRequest, Runtime } from "../runtime.ts";
import { lostCall } from "./lost-call.ts";
import { startResident, type ResidentLink } from "./resident-link.ts";
import type { Method } from "./resident-messages.ts";

export type RuntimeHelper = Runtime & {
  /** Ends the helper; starts under way are undone. Instances go on. */
  readonly close: () => Promise<void>;
  /** Of the process that answers now. */
  readonly pid: () => number | undefined;
};

export type HelperOptions = {
  /** Milliseconds that `close` waits for what is under way. */
  readonly closeTime?: number;
};

/**
 * The runc driver in a small process of its own, which ends with this one, also after SIGKILL. When it dies it is started again; the calls that were under way fail, and the instances that it
 * started go on. What its death cut off in the middle is removed by the next `list`.
 */
export async function openRuntimeHelper(ctx: Context, options: HelperOptions = {}): Promise<RuntimeHelper> {
  const keeper = keepResident(ctx, options.closeTime ?? 30_000);
  await keeper.current().ready;
  const ask = async <T>(method: Method, ...args: readonly unknown[]): Promise<T> =>
    (await keeper.current().ask(method, args)) as T;
  return {
    start: (spec, launch) => ask("start", spec, launch),
    stop: (id, stopOptions) => ask("stop", id, stopOptions),
    list: () => ask("list"),
    prepare: (image) => ask("prepare", image),
    freeze: (id) => ask("freeze", id),
    thaw: (id) => ask("thaw", id),
    place: (id) => ask("place", id),
    execute: (id, command, request) => ask("execute", id, command, request),
    runToEnd: (spec, request) => ask("runToEnd", spec, request),
    logs: (id, request) => readLogs(keeper.current(), id, request),
    close: keeper.close,
    pid: () => keeper.current().pid,
  };
}

type Keeper = { readonly current: () => ResidentLink; readonly close: () => Promise<void> };

function keepResident(ctx: Context, closeTime: number): Keeper {
  let link: ResidentLink | undefined;
  let isClosed = false;
  const current = (): ResidentLink => {
    if (isClosed) throw lostCall("list", "closed");
    link ??= begin();
    return link;
  };
  const begin = (): ResidentLink => {
    const begun = startResident(ctx);
    let isReady = false;
    void begun.ready.then(() => (isReady = true)).catch(() => {});
    void begun.ended.then(() => {
      link = undefined;
      if (isClosed) return;
      ctx.report.warn("the process that runs instances ended; it is started again");
      // One that does not even get ready is only started when somebody asks: otherwise a host without memory would do nothing else.
      if (isReady) current();
    });
    return begun;
  };
  return {
    current,
    close: async () => {
      isClosed = true;
      await link?.close(closeTime);
    },
  };
}

let streams = 0;

/** Asks for the next piece when the reader wants it: a slow reader holds up the reading, not the instance, and nothing piles up in between. */
async function* readLogs(link: ResidentLink, id: InstanceId, request: LogRequest = {}): AsyncGenerator<Uint8Array> {
  const { signal, ...plain } = request;
  const stream = (streams += 1);
  await link.ask("openLogs", [stream, id, plain]);
  const close = (): void => void link.ask("closeLogs", [stream]).catch(() => {});
  signal?.addEventListener("abort", close, { once: true });
  try {
    for (;;) {
      const piece = (await link.ask("readLogs", [stream])) as Uint8Array | undefined;
      if (piece === undefined || signal?.aborted === true) return;
      yield piece;
    }
  } finally {
    signal?.removeEventListener("abort", close);
    close();
  }
}
