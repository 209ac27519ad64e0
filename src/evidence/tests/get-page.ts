import type { Context } from "../../ground/context.ts";
import { textFinder } from "../../ground/text-finder.ts";
import type { GetTest } from "./test-definition.ts";
import { failed, passed, quote, type Verdict } from "./verdict.ts";

/** Bytes of an answer that are read, and of those that are shown. */
const mostRead = 8 * 1024 * 1024;
const mostShown = 4 * 1024;

type Page = {
  readonly status: number;
  readonly location: string | null;
  readonly start: string;
  readonly isFound: boolean;
  readonly isCut: boolean;
};

/** Asks once, and judges the answer. Redirects are not followed: they could lead anywhere, and a test says which status it wants. */
export async function judgeGet(
  ctx: Pick<Context, "fetch">,
  { get, status = 200, contains }: GetTest,
  { origin, signal }: { readonly origin: string; readonly signal: AbortSignal },
): Promise<Verdict> {
  const wanted = `expected ${get} to answer with ${status}`;
  let page: Page;
  try {
    page = await ask(ctx, { url: `${origin}${get}`, find: contains, signal });
  } catch (error) {
    return failed(`${wanted}; ${signal.aborted ? "there was no whole answer in time" : reasonOf(error)}`);
  }
  const to = page.location === null ? "" : ` to ${quote(page.location)}`;
  if (page.status !== status) return failed(`${wanted}, got ${page.status}${to}`, page.start);
  if (page.isFound) return passed;
  const limit = page.isCut ? ` in its first ${mostRead} bytes` : "";
  return failed(`expected ${get} to contain ${quote(contains ?? "")}; it does not${limit}`, page.start);
}

async function ask(
  ctx: Pick<Context, "fetch">,
  { url, find, signal }: { readonly url: string; readonly find: string | undefined; readonly signal: AbortSignal },
): Promise<Page> {
  const response = await ctx.fetch(url, { redirect: "manual", signal });
  const finder = textFinder(find);
  let start = Buffer.alloc(0);
  let total = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<never> = response.body ?? [];
  for await (const chunk of body) {
    finder.add(Buffer.from(chunk));
    if (start.length < mostShown) start = Buffer.concat([start, chunk]).subarray(0, mostShown);
    total += chunk.length;
    if (total >= mostRead) break;
  }
  return {
    status: response.status,
    location: response.headers.get("location"),
    start: start.toString("utf8"),
    isFound: finder.isFound(),
    isCut: total >= mostRead,
  };
}

/** fetch says only "fetch failed"; its cause is the system's or the parser's own error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  if (code === "ECONNREFUSED") return "nothing listens on the port";
  return code ?? cause.message;
}
