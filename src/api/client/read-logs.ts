import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { assertNotMoved, errorOf, reach, type Access } from "./client.ts";

export type LogLine = { readonly instance: string; readonly text: string };

export type LogQuery = {
  readonly environment: string;
  readonly service: string;
  readonly instance?: string;
  readonly tail?: number;
  readonly follow?: boolean;
};

/** What instances of a service print, as it comes; ends with `ctx.signal`, or when all is said. Throws what the controller refuses it with, and `controller-unreachable`. */
export async function* readServiceLogs(
  ctx: Pick<Context, "fetch" | "signal">,
  access: Access,
  { environment, service, ...query }: LogQuery,
): AsyncGenerator<LogLine, void, void> {
  const path = `/api/v1/services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/logs`;
  const wanted = Object.entries(query).map(([name, value]) => [name, String(value)]);
  const token = await access.token?.();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await reach(access.url, () =>
    ctx.fetch(`${access.url}${path}?${new URLSearchParams(wanted).toString()}`, {
      headers,
      redirect: "manual",
      signal: ctx.signal,
    }),
  );
  assertNotMoved(response, access.url);
  if (!response.ok || response.body === null)
    throw errorOf(await reach(access.url, () => response.text()), { url: access.url, status: response.status });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split("\n");
      rest = lines.pop() ?? "";
      // An empty one says that the controller is still there.
      for (const line of lines) if (line !== "") yield parse(line, access.url);
    }
  } catch (error) {
    if (ctx.signal.aborted) return;
    if (error instanceof IngotError) throw error;
    throw new IngotError("controller-unreachable", `the logs of ${service} were cut off by ${access.url}`, {
      hint: "run the same command again",
      cause: error,
    });
  }
}

function parse(line: string, url: string): LogLine {
  const said = JSON.parse(line) as LogLine | { readonly error: object };
  if ("error" in said) throw errorOf(JSON.stringify(said.error), { url, status: 500 });
  return said;
}
