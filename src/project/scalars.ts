/** The small texts of ingot.yaml: their patterns, which the schema checks, and their readers, which trust that it did. */

/** Bytes, or with a unit of 1024: `65536`, `512K`, `16M`, `1G`. */
export const sizePattern = /^[1-9][0-9]{0,11}[KMG]?$/;

export function readSize(text: string | number): number {
  if (typeof text === "number") return text;
  const unit = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[text.at(-1) ?? ""];
  return unit === undefined ? Number(text) : Number(text.slice(0, -1)) * unit;
}

/** `500ms`, `1s`, `5m`, `2h`. */
export const durationPattern = /^(?:0|[1-9][0-9]{0,8})(?:ms|s|m|h)$/;

/** In milliseconds. */
export function readDuration(text: string): number {
  const unit = text.replace(/^[0-9]+/, "");
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? Number.NaN;
  return Number.parseInt(text, 10) * factor;
}

/** Permission bits in octal, as a text: YAML would read a bare 0644 as the decimal number 644. */
export const modePattern = /^0?[0-7]{3,4}$/;

export function readMode(text: string): number {
  return Number.parseInt(text, 8);
}

/** `127.0.0.1:8088` or `[::1]:8088`. */
export const listenPattern = /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/;

/** An account as `/etc/passwd` and useradd(8) allow it, or a number, with a group after a colon: `www-data`, `33:33`. */
export const accountPattern = /^(?:[a-z_][a-z0-9_.-]*\$?|[0-9]{1,10})(?::(?:[a-z_][a-z0-9_.-]*\$?|[0-9]{1,10}))?$/;

/** The same without a group. */
export const ownerPattern = /^(?:[a-z_][a-z0-9_.-]*\$?|[0-9]{1,10})$/;

/** Debian policy 5.6.1. */
export const packagePattern = /^[a-z0-9][a-z0-9+.-]+$/;

/** `REGISTRY/NAME`, a tag, a digest, or both: the registry is never left out, since no host is a default here. */
export const referencePattern =
  /^(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?)(?::[0-9]{1,5})?\/[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;

/** A suite or codename of a Debian archive. */
export const suitePattern = /^[a-z][a-z0-9-]*$/;

/** Neither a NUL, which no path or argument can hold, nor nothing. */
export const plainPattern = /^[^\0]+$/;
