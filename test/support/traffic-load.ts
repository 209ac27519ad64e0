import type { Agent } from "node:http";
import { clients, type Ask, type ClientPlace } from "./traffic-clients.ts";
import { openWebSocket, type WebSocketClient } from "./websocket-client.ts";

export type ClientKind = keyof typeof clients | "websocket";

export type LoadOptions = {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** How many clients of each kind; absent: one of each, two of those that keep connections. */
  readonly clients?: Partial<Record<ClientKind, number>>;
  /** Between two requests of a client, in milliseconds; default 5. */
  readonly pause?: number;
  /** After which a request counts as failed, in milliseconds; default 20,000. */
  readonly timeout?: number;
};

export type FailedRequest = {
  readonly kind: ClientKind;
  readonly error: string;
  /** Milliseconds since 1970: when it began, and when it failed. */
  readonly began: number;
  readonly failed: number;
  /** Who answered that client last. */
  readonly server: string;
};

export type LoadSummary = {
  readonly ok: number;
  readonly failed: number;
  readonly kinds: Readonly<Record<string, { readonly ok: number; readonly failed: number }>>;
  /** The first hundred. */
  readonly failures: readonly FailedRequest[];
  /** How many requests each instance answered. */
  readonly servers: Readonly<Record<string, number>>;
  /** The longest that a request took, in milliseconds. */
  readonly longest: number;
  /** `cut`: connections that were ended by the other side; whoever drains an instance does so when its time is over, and no request is lost by it. */
  readonly websockets: {
    readonly opened: number;
    readonly exchanges: number;
    readonly cut: number;
    /** Those that are open now, by instance. */
    readonly open: Readonly<Record<string, number>>;
  };
};

export type TrafficLoad = {
  /** So far. */
  readonly summary: () => LoadSummary;
  /** Ends when every request under way has been answered. */
  readonly stop: () => Promise<LoadSummary>;
};

const usual: Readonly<Record<ClientKind, number>> = {
  "keep-alive": 2,
  fresh: 1,
  post: 2,
  late: 1,
  large: 1,
  reader: 1,
  trickle: 1,
  websocket: 2,
};

/** Clients of every kind, each asking again as soon as it was answered, and every request counted. It gives up on nothing: what a client of the service would see as an error is one. */
export function startTrafficLoad(options: LoadOptions): TrafficLoad {
  const { host = "127.0.0.1", port, pause = 5, timeout = 20_000 } = options;
  const agents = new Set<Agent>();
  const place = { host, port, timeout, agents };
  const counted = new Count();
  const end = new AbortController();
  const askOn = async (kind: ClientKind, ask: Ask): Promise<void> => {
    while (!end.signal.aborted) {
      await counted.one(kind, ask);
      await sleep(pause);
    }
  };
  const wanted = Object.entries(options.clients ?? usual) as [ClientKind, number][];
  const running = wanted.flatMap(([kind, number]) =>
    Array.from({ length: number }, async () => {
      while (!end.signal.aborted)
        await (kind === "websocket" ? keepTalking(place, counted, end.signal) : askOn(kind, clients[kind](place)));
    }),
  );
  const stop = async (): Promise<LoadSummary> => {
    end.abort();
    await Promise.all(running);
    for (const agent of agents) agent.destroy();
    return counted.summary();
  };
  return { summary: () => counted.summary(), stop };
}

/** One connection after the other, for as long as each lasts. */
async function keepTalking(place: ClientPlace, counted: Count, signal: AbortSignal): Promise<void> {
  let socket: WebSocketClient | undefined;
  await counted.one("websocket", async () => {
    socket = await openWebSocket(`http://${place.host}:${place.port}/ws`, place.timeout);
    counted.opened += 1;
    return socket.server;
  });
  if (socket === undefined) return sleep(20);
  counted.changeOpen(socket.server, 1);
  await talkOn(socket, place, { counted, signal });
  counted.changeOpen(socket.server, -1);
}

async function talkOn(
  open: WebSocketClient,
  place: ClientPlace,
  { counted, signal }: { counted: Count; signal: AbortSignal },
): Promise<void> {
  for (let count = 0; !signal.aborted; count += 1) {
    const isGoing = await counted.exchange(open, String(count), place.timeout);
    if (!isGoing) return;
    await sleep(20);
  }
  await open.close();
}

class Count {
  opened = 0;
  readonly #kinds = new Map<ClientKind, { ok: number; failed: number }>();
  readonly #failures: FailedRequest[] = [];
  readonly #servers = new Map<string, number>();
  #last = "nobody yet";
  #longest = 0;
  #exchanges = 0;
  readonly #open = new Map<string, number>();
  #cut = 0;

  async one(kind: ClientKind, ask: Ask): Promise<void> {
    const began = Date.now();
    try {
      const server = await ask();
      this.#of(kind).ok += 1;
      this.#last = server;
      this.#servers.set(server, (this.#servers.get(server) ?? 0) + 1);
    } catch (error) {
      this.#fail({ kind, began, server: this.#last, error });
    }
    this.#longest = Math.max(this.#longest, Date.now() - began);
  }

  /** False: the connection has ended. */
  async exchange(socket: WebSocketClient, text: string, timeout: number): Promise<boolean> {
    const began = Date.now();
    try {
      await socket.exchange(text, timeout);
      this.#exchanges += 1;
      return true;
    } catch (error) {
      if (socket.isOpen()) {
        this.#fail({ kind: "websocket", began, server: socket.server, error });
        await socket.close();
      } else this.#cut += 1;
      return false;
    }
  }

  changeOpen(server: string, by: number): void {
    this.#open.set(server, (this.#open.get(server) ?? 0) + by);
  }

  summary(): LoadSummary {
    const kinds = Object.fromEntries([...this.#kinds].map(([kind, count]) => [kind, { ...count }]));
    const counts = Object.values(kinds);
    return {
      ok: counts.reduce((sum, { ok }) => sum + ok, 0),
      failed: counts.reduce((sum, { failed }) => sum + failed, 0),
      kinds,
      failures: [...this.#failures],
      servers: Object.fromEntries(this.#servers),
      longest: this.#longest,
      websockets: {
        opened: this.opened,
        exchanges: this.#exchanges,
        cut: this.#cut,
        open: Object.fromEntries(this.#open),
      },
    };
  }

  #of(kind: ClientKind): { ok: number; failed: number } {
    const count = this.#kinds.get(kind) ?? { ok: 0, failed: 0 };
    this.#kinds.set(kind, count);
    return count;
  }

  #fail(one: { kind: ClientKind; began: number; server: string; error: unknown }): void {
    this.#of(one.kind).failed += 1;
    if (this.#failures.length >= 100) return;
    const error = one.error instanceof Error ? describe(one.error) : String(one.error);
    this.#failures.push({ kind: one.kind, began: one.began, server: one.server, error, failed: Date.now() });
  }
}

function describe(error: Error): string {
  return "code" in error ? `${error.message} (${String(error.code)})` : error.message;
}

async function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
