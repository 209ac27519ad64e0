import { IngotError } from "../../ground/error.ts";
import { wholeAnswer, type Target, type WholeAnswer } from "./whole-answer.ts";

/** Follows `Link: </v2/...?last=x&n=1000>; rel="next"` from page to page (RFC 8288). A registry that goes in a circle or never ends is given up. */
export async function* pages(target: Target, first: PageRequest): AsyncGenerator<WholeAnswer, void, undefined> {
  const { http, repository } = target;
  const seen = new Set<string>();
  let size = 0;
  let url: string | undefined = new URL(first.url, await http.origin()).href;
  while (url !== undefined) {
    if (seen.has(url) || seen.size >= maximumPages) throw endless(http.endpoint.registry, first.url);
    seen.add(url);
    const { headers = {}, accept = [200] } = first;
    const page = await wholeAnswer(target, { method: "GET", url, repository, access: "pull", headers, accept });
    size += page.content.length;
    if (size > maximumSize) throw endless(http.endpoint.registry, first.url);
    yield page;
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(page.response.headers.get("link") ?? "")?.[1];
    url = next === undefined ? undefined : new URL(next, url).href;
  }
}

export type PageRequest = {
  /** A path of the registry. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: readonly number[];
};

/** A million of tags at a thousand a page. */
const maximumPages = 1000;
/** Bytes of all pages: each alone may be as large as a manifest. */
const maximumSize = 128 << 20;

function endless(registry: string, url: string): IngotError {
  return new IngotError("registry-failed", `the registry ${registry} lists ${url.replace(/\?.*/, "")} without an end`);
}
