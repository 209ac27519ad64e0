// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Longer facts are cut off in sentences. */
const longest = 160;

/**
 * A fact as a sentence may hold it: on one line, of bounded length, without characters that move a terminal's cursor, hide text or turn its direction. Attack: an image, a
 * scanner or an identity provider that names something `\e[2J permitted`.
 */
export function printable(text: string, most: number = longest): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.toWellFormed().replaceAll(unprintable, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code}`;
  });
}

/** Up to five of them: `CVE-2024-1, CVE-2024-2 and 7 more`. */
export function printableList(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).map((text) => printable(text));
  if (texts.length > 5) return `${shown.join(", ")} and ${texts.length - 5} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : (shown[0] ?? "nobody");
}

/** Seconds as people say them: `40 seconds`, `26 hours`, `8 days`. */
export function sayAge(seconds: number): string {
  const [size, unit] = (
    [
      [86_400, "day"],
      [3600, "hour"],
      [60, "minute"],
    ] as const
  ).find(([one]) => seconds >= 2 * one) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
