/** RFC 3339 in UTC and whole seconds, as the formats of images and statements have it: `2026-11-21T10:00:00Z`. Fractions are cut off. */
export function formatTimestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Seconds since 1970 as people read them: `2026-11-21T10:00:00Z`. What no date can be, as a hostile statement may say, stays a number. */
export function formatSeconds(seconds: number): string {
  return Math.abs(seconds) < 8.64e12 ? formatTimestamp(new Date(seconds * 1000)) : String(seconds);
}
