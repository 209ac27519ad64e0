import { formatAddCheckpoint, parseSize, type AddCheckpoint } from "./parse-request.ts";

/**
 * What became of one question to a witness. `signed`: the lines that it answered, unchecked. `behind`: it knows another size than was said. `refused`: it answered, and has not
 * recorded the checkpoint. `forked`: it has another history on record. `unconnected`: it never got the question. `doubt`: it may have recorded it, and its answer did not arrive.
 */
export type WitnessAnswer =
  | { readonly kind: "signed"; readonly lines: string }
  | { readonly kind: "behind"; readonly size: number }
  | { readonly kind: "refused" | "forked" | "unconnected" | "doubt"; readonly reason: string };

export type Asking = {
  readonly fetch: typeof fetch;
  /** Milliseconds. */
  readonly timeout: number;
};

/** Sends `add-checkpoint` once (C2SP tlog-witness). Never throws: a witness that fails is one of several. */
export async function askWitness(url: string, question: AddCheckpoint, asking: Asking): Promise<WitnessAnswer> {
  try {
    const response = await asking.fetch(new URL("add-checkpoint", url.endsWith("/") ? url : `${url}/`), {
      method: "POST",
      body: formatAddCheckpoint(question),
      // Attack: whoever answers for a witness makes the controller ask another host.
      redirect: "manual",
      signal: AbortSignal.timeout(asking.timeout),
    });
    return judge(response, await readBounded(response));
  } catch (error) {
    return describeFailure(error, asking);
  }
}

/** Some lines of signatures; one of ML-DSA has 3 KB. */
const mostBytes = 64 << 10;

function judge({ status }: Response, body: string): WitnessAnswer {
  if (status === 200) return { kind: "signed", lines: body };
  if (status === 409) {
    const size = parseSize(body.replace(/\n$/, ""));
    return size === undefined
      ? { kind: "refused", reason: "it answered 409 without a size" }
      : { kind: "behind", size };
  }
  if (status === 422) return { kind: "forked", reason: explainStatus(status) };
  // What a proxy says in its place (5xx) does not tell what the witness did.
  return { kind: status >= 400 && status < 500 ? "refused" : "doubt", reason: explainStatus(status) };
}

function explainStatus(status: number): string {
  const known: Readonly<Record<number, string>> = {
    403: "it does not have this log's key (403)",
    404: "it does not know this log (404)",
    422: "it says that the log is not the continuation of what it cosigned before (422)",
  };
  return known[status] ?? `it answered ${status}`;
}

/** Attack: an answer without end. */
async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > mostBytes) throw new Error(`its answer has more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describeFailure(error: unknown, { timeout }: Asking): WitnessAnswer {
  const code = codeOf(error);
  if (code !== undefined && beforeSending.has(code)) {
    return { kind: "unconnected", reason: `it could not be connected to (${code})` };
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return { kind: "doubt", reason: `it did not answer within ${timeout / 1000} s` };
  }
  return { kind: "doubt", reason: `its answer did not arrive whole (${code ?? String(error)})` };
}

/** fetch hides the reason of a failure in its cause. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}

/** With these no byte of the question can have reached a witness. All others leave doubt: a name that is missing here costs patience, one too many a fork. */
const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
