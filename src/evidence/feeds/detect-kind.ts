import { malformed } from "./feed-error.ts";
import { openContent, packingOf } from "./open-content.ts";
import type { FeedKind, FeedLimits } from "./feed.ts";

/** How the content is laid out: OSV records come in four ways, the others in one each. */
export type FeedShape = { readonly kind: FeedKind; readonly records?: "zip" | "list" | "sequence" };

/** Finds out by its first bytes what a feed is. Throws `feed-malformed` where it is nothing of the kind. */
export async function detectShape(path: string, limits: FeedLimits): Promise<FeedShape> {
  if (packingOf(path) === "zip") return { kind: "osv", records: "zip" };
  const head = await readHead(path, limits);
  if (head.startsWith("#") || head.startsWith("cve,")) return { kind: "epss" };
  if (head.startsWith("[")) return { kind: "osv", records: "list" };
  if (head.startsWith("<")) throw malformed("it is an HTML or XML page, such as a server's or proxy's error");
  if (head === "") throw malformed("it is empty");
  const [, key, value] = /^\{\s*(?:"((?:[^"\\]|\\.)*)"\s*:\s*(\S)|\})/.exec(head) ?? [];
  if (!head.startsWith("{")) throw malformed("it is neither JSON nor a list of scores, nor a zip archive");
  if (key === undefined) throw malformed("it is JSON, but of no kind of feed that Ingot knows, or cut off");
  if (exploitedKeys.has(key)) return { kind: "kev" };
  // The tracker has objects by the names of source packages, one of which might be called "id".
  return value === "{" && key !== "database_specific"
    ? { kind: "debian-tracker" }
    : { kind: "osv", records: "sequence" };
}

const exploitedKeys: ReadonlySet<string> = new Set([
  "title",
  "catalogVersion",
  "dateReleased",
  "count",
  "vulnerabilities",
]);

async function readHead(path: string, limits: FeedLimits): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of openContent(path, limits)) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= 4096) break;
  }
  return Buffer.concat(parts).toString("utf8", 0, 4096).trimStart();
}
