/** Seconds since 1970 as `2026-11-21T12:00:00Z`. */
export function timeOf(seconds: number): string {
  // Further than a date reaches is what a hostile statement may say.
  return Math.abs(seconds) < 8.64e12 ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : String(seconds);
}
