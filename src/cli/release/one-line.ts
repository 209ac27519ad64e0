/** A text of somebody else as part of one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim();
}

/** Seconds since 1970 as people read them: `2026-11-21T10:00:00Z`; a number that no date can be stays one. */
export function momentOf(seconds: number): string {
  return Math.abs(seconds) < 8.64e12 ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : String(seconds);
}
