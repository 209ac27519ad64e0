import { IngotError } from "../../ground/error.ts";

/** Entries of an answer at most; the rest is behind its `Link`. */
const most = 10_000;

export type PageQuery = { readonly n: number; readonly last?: string };

/** `n` and `last` of a list (distribution-spec, "Listing Tags"). Throws `request-malformed`. */
export function parsePage(query: URLSearchParams | undefined): PageQuery {
  const n = query?.get("n") ?? undefined;
  const last = query?.get("last") ?? undefined;
  if (n !== undefined && !/^\d{1,9}$/.test(n)) {
    throw new IngotError("request-malformed", `expected n to be a number, got ${JSON.stringify(n.slice(0, 40))}`);
  }
  return { n: Math.min(n === undefined ? most : Number(n), most), ...(last === undefined ? {} : { last }) };
}

/** RFC 8288: where the list goes on. */
export function nextLink(path: string, parameters: Readonly<Record<string, string>>): { readonly link: string } {
  return { link: `<${path}?${new URLSearchParams(parameters).toString()}>; rel="next"` };
}
