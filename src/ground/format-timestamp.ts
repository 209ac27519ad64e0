/** RFC 3339 in UTC and whole seconds, as the formats of images and statements have it: `2026-11-21T10:00:00Z`. Fractions are cut off. */
export function formatTimestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
