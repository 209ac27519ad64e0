/** The kinds of feeds, by the names that scan results give them. */
export const feedKinds = ["debian-tracker", "osv", "kev", "epss"] as const;
export type FeedKind = (typeof feedKinds)[number];

/** What `feed.json` says of a feed that was added. */
export type Feed = {
  /** Of the index beside it; another number means that another release of Ingot wrote it. */
  readonly format: typeof indexFormat;
  readonly name: string;
  readonly kind: FeedKind;
  /** Where `update` finds it: a URL, with its credentials, or an absolute path. To be printed by `shownSource` only. */
  readonly source: string;
  /** ISO 8601: the date of the data. KEV, EPSS and OSV say it themselves; the tracker does not, so that it is the server's Last-Modified or the file's. */
  readonly date: string;
  /** ISO 8601: when it was last seen to be the newest. */
  readonly fetched: string;
  /** Hex SHA-256 of what came. */
  readonly digest: string;
  /** Bytes of what came. */
  readonly size: number;
  /** Vulnerabilities, counted once for each package. */
  readonly entries: number;
  /** Entries whose versions are missing or have no order; they match nothing, and a scan says so. */
  readonly unclear: number;
  readonly etag?: string;
  readonly lastModified?: string;
  /** It came by `feeds import`; `feeds update` leaves it alone unless it is named. */
  readonly isImported?: boolean;
  /** The folder beside `feed.json` that holds what came and its index. */
  readonly data: string;
};

export const indexFormat = 1;

/** The file in a feed's folder that holds what came. */
export const contentFile = "content";

/** In bytes, but for `files`. What a stranger sends may fill neither memory nor disk. */
export type FeedLimits = {
  /** What is fetched or read, as it comes. */
  readonly received: number;
  /** What that unpacks to. */
  readonly unpacked: number;
  /** One source package of the tracker, one OSV record. */
  readonly record: number;
  /** Files of a zip archive or folder. */
  readonly files: number;
};

/** Several times what the largest public feeds have (2026: 250 MB, 2 GB, 7 MB and 250,000). */
export const usualLimits: FeedLimits = {
  received: 1 << 30,
  unpacked: 8 * 2 ** 30,
  record: 64 << 20,
  files: 1_000_000,
};

/** A source as it may be shown: without user, password and what a query may hold. */
export function shownSource(source: string): string {
  if (!isUrl(source)) return source;
  const url = new URL(source);
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source) && URL.canParse(source);
}
