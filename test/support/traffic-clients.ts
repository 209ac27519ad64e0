import { Agent, request, type IncomingMessage } from "node:http";
import { connect } from "node:net";

/** What a request of a client came to: the instance that answered. Throws for anything but a whole, right answer. */
export type Ask = () => Promise<string>;

export type ClientPlace = {
  readonly host: string;
  readonly port: number;
  readonly timeout: number;
  readonly agents: Set<Agent>;
};

/** Each client's requests, one after the other, on what they are named after. */
export const clients = {
  /** GETs on one connection that is kept. */
  "keep-alive": (place) => {
    const agent = keptConnection(place);
    return async () => ask(place, { agent });
  },
  /** A connection for each request. */
  fresh: (place) => async () => ask(place, { agent: false }),
  /** Bodies that must come back as they were, on one connection that is kept. */
  post: (place) => {
    const agent = keptConnection(place);
    let count = 0;
    return async () => {
      count += 1;
      return ask(place, { agent, body: Buffer.alloc(1 + ((count * 7919) % 30_000), `${count} `) });
    };
  },
  /** An answer that takes its time. */
  late: (place) => {
    const agent = keptConnection(place);
    return async () => ask(place, { agent, path: "/slow/150" });
  },
  /** A large answer, read as fast as it comes. */
  large: (place) => {
    const agent = keptConnection(place);
    return async () => ask(place, { agent, path: "/size/500000", size: 500_000 });
  },
  /** A large answer, read slowly. */
  reader: (place) => async () => ask(place, { agent: false, path: "/size/100000", size: 100_000, isSlow: true }),
  /** A request that comes in small pieces, its head as well as its body. */
  trickle: (place) => async () => trickle(place),
} as const satisfies Record<string, (place: ClientPlace) => Ask>;

function keptConnection({ agents }: ClientPlace): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.add(agent);
  return agent;
}

type Asked = {
  readonly agent: Agent | false;
  readonly path?: string;
  readonly body?: Buffer;
  /** How long the answer is to be. */
  readonly size?: number;
  readonly isSlow?: boolean;
};

async function ask(place: ClientPlace, asked: Asked): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { host, port, timeout } = place;
  const sent = request({
    host,
    port,
    path: asked.path ?? "/",
    method: asked.body === undefined ? "GET" : "POST",
    agent: asked.agent,
    headers: asked.body === undefined ? {} : { "content-length": asked.body.length },
  });
  const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
  sent.on("response", resolve);
  sent.on("error", reject);
  sent.end(asked.body);
  try {
    const answer = await promise;
    const body = await readBody(answer, { isSlow: asked.isSlow ?? false });
    const server = String(answer.headers["x-instance"] ?? "unknown");
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode} by ${server}`);
    if (asked.size !== undefined && body.length !== asked.size)
      throw new Error(`${body.length} bytes of ${asked.size}`);
    if (asked.body !== undefined && !asked.body.equals(body)) throw new Error(`another body came back from ${server}`);
    return server;
  } finally {
    clearTimeout(timer);
  }
}

async function readBody(answer: IncomingMessage, { isSlow }: { isSlow: boolean }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    if (isSlow) await sleep(20);
  }
  return Buffer.concat(chunks);
}

async function trickle({ host, port, timeout }: ClientPlace): Promise<string> {
  const body = "in small pieces";
  const text = `POST / HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const socket = connect(port, host);
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", ended.reject);
  socket.on("close", () => ended.resolve());
  ended.promise.catch(() => {});
  try {
    for (let at = 0; at < text.length && !socket.destroyed; at += 12) {
      socket.write(text.slice(at, at + 12));
      await sleep(10);
    }
    await ended.promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  const answer = Buffer.concat(chunks).toString();
  const server = /^x-instance: *(.*?)\r$/im.exec(answer)?.[1] ?? "unknown";
  if (!answer.startsWith("HTTP/1.1 200 "))
    throw new Error(`answered ${JSON.stringify(answer.slice(0, 40))} by ${server}`);
  if (!answer.endsWith(`\r\n\r\n${body}`)) throw new Error(`another body came back from ${server}`);
  return server;
}

async function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
