import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Reporter } from "../../ground/context.ts";
import { holdFileLock } from "../../ground/file-lock.ts";
import { listenAt, type Listen } from "./listen.ts";
import type { Answer } from "./judge-checkpoint.ts";
import { openWitness, type Witness, type WitnessSetup } from "./witness.ts";

export type ServedWitness = {
  /** What logs are told: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly verifierKey: string;
  readonly close: () => Promise<void>;
};

/**
 * Answers logs by C2SP tlog-witness. One process has the folder: a second one with the same key could vouch for another history, and is refused with `locked-by-another`.
 * Throws what `openWitness` and `listenAt` throw.
 */
export async function serveWitness(
  setup: WitnessSetup & { readonly listen: Listen; readonly report: Pick<Reporter, "info" | "warn"> },
): Promise<ServedWitness> {
  const lock = await holdFileLock(join(setup.folder, "lock"), { what: `the witness in ${setup.folder}` });
  try {
    const witness = openWitness(setup);
    const { server, url } = await listenAt(setup.listen, (request, response) => {
      void respond(request, response, { witness, report: setup.report });
    });
    const close = async (): Promise<void> => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      lock.release();
    };
    return { url, verifierKey: witness.verifierKey, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

type Desk = { readonly witness: Witness; readonly report: Pick<Reporter, "info" | "warn"> };

async function respond(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, desk);
  } catch (error) {
    // Attack: strangers that fill the operator's log by hanging up.
    if (request.destroyed && !request.complete) return;
    // A full disk, mostly: it must be seen by who runs the witness, and the log is told nothing of this host.
    desk.report.warn(`a request failed: ${error instanceof Error ? error.message : String(error)}`);
    answer = { status: 500, body: "the witness failed\n" };
  }
  const headers = { "content-type": answer.type ?? "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  // What was not read of a body that is too large would be taken for the next request.
  response.writeHead(answer.status, answer.status === 413 ? { ...headers, connection: "close" } : headers);
  response.end(answer.body);
}

async function answerTo(request: IncomingMessage, { witness, report }: Desk): Promise<Answer> {
  const { method = "", url = "" } = request;
  if (url === "/add-checkpoint") {
    if (method !== "POST") return { status: 405, body: "only POST\n" };
    const body = await readBody(request);
    if (body === undefined) return { status: 413, body: `more than ${mostBytes} bytes\n` };
    const answer = witness.addCheckpoint(body);
    if (answer.status === 422) report.warn(`a log showed another history than it had: ${describe(body)}`);
    return answer;
  }
  const [, originHash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? [];
  const latest = method === "GET" && originHash !== undefined ? witness.latest(originHash) : undefined;
  return latest === undefined ? { status: 404, body: "not here\n" } : { status: 200, body: latest.note };
}

/** A checkpoint and a proof of 63 hashes have some 5 KB; cosignatures of others may be beside it. */
const mostBytes = 64 << 10;

/** Undefined where there is too much. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** For the operator, who wants to keep it: its signature is the proof of what the log did. */
function describe(body: string): string {
  return JSON.stringify(body);
}
