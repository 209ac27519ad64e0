/** At most `length` characters of a text, with the word in them; what is left away is marked. */
export function clipAround(text: string, word: string, length: number): string {
  if (text.length <= length) return text;
  const at = Math.max(0, text.toUpperCase().indexOf(word.toUpperCase()));
  const start = Math.max(0, Math.min(at - Math.floor(length / 3), text.length - length));
  const end = Math.min(text.length, start + length);
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}
