/**
 * Orders names by where an index first mentions them: as a package or in any relation. Among providers that are otherwise equal apt takes the one
 * that it met last, and it installs requested packages in the order in which it met them; so this order decides what an image contains.
 * A name is looked for only when asked: a full parse of all relations would cost more than everything else together.
 */
export class MentionOrder {
  readonly #texts: readonly string[];
  readonly #known = new Map<string, number>();

  /** `texts`: the `Packages` files, in the order of the suites. */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** A number that is lower the earlier `name` is met; Infinity when it is mentioned nowhere. */
  of(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#find(name);
    this.#known.set(name, found);
    return found;
  }

  #find(name: string): number {
    let base = 0;
    for (const text of this.#texts) {
      const mention = firstMention(text, name);
      // A stanza's offset, then the field (4 bits), then the column (17 bits) fit the 53 bits of a number.
      if (mention) return ((base + mention.stanza) * 16 + mention.field) * 131_072 + mention.column;
      base += text.length;
    }
    return Infinity;
  }
}

/** Where a name stands: `field` is the place of its field in the order in which apt reads a stanza. */
type Mention = { readonly stanza: number; readonly field: number; readonly column: number };

/** In the order in which apt reads them, which is not the order in a file. */
const fields = [
  "Package",
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
];

function firstMention(text: string, name: string): Mention | undefined {
  let best: Mention | undefined;
  let end = text.length;
  for (let at = text.indexOf(name); at >= 0 && at < end; at = text.indexOf(name, at + 1)) {
    const mention = mentionAt(text, name, at);
    if (!mention) continue;
    if (!best) end = endOfStanza(text, at);
    if (!best || isBefore(mention, best)) best = mention;
  }
  return best;
}

function endOfStanza(text: string, at: number): number {
  const blank = text.indexOf("\n\n", at);
  return blank < 0 ? text.length : blank;
}

function isBefore(a: Mention, b: Mention): boolean {
  return a.field < b.field || (a.field === b.field && a.column < b.column);
}

function mentionAt(text: string, name: string, at: number): Mention | undefined {
  if (!" ,|\t".includes(text.charAt(at - 1)) || at === 0) return undefined;
  const next = text.charAt(at + name.length);
  if (!" ,|(\n:[<\t".includes(next)) return undefined;
  // `name:any` is another thing to apt than `name`.
  if (next === ":" && text.startsWith(":any", at + name.length)) return undefined;
  const line = startOfField(text, at);
  const field = fields.indexOf(text.slice(line, text.indexOf(":", line)));
  if (field < 0 || at > line + 131_000) return undefined;
  const blank = text.lastIndexOf("\n\n", at);
  return { stanza: blank < 0 ? 0 : blank + 2, field, column: at - line };
}

/** The beginning of the field's first line: continuation lines begin with a blank. */
function startOfField(text: string, at: number): number {
  let line = text.lastIndexOf("\n", at) + 1;
  while (line > 0 && (text.charAt(line) === " " || text.charAt(line) === "\t"))
    line = text.lastIndexOf("\n", line - 2) + 1;
  return line;
}
