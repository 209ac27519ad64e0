import { mentionTable } from "./mention-table.ts";
import { fieldRank, mentionRank } from "./mention-rank.ts";

/** How many characters may be searched name by name before a table of all names is cheaper. */
const searchBudget = 100_000_000;

/**
 * Orders names by where an index first mentions them: as a package or in any relation. Among providers that are otherwise equal apt takes the one
 * that it met last, and it installs requested packages in the order in which it met them; so this order decides what an image contains.
 * The few names of a usual image are searched for; who asks for many pays once for a table of all.
 */
export class MentionOrder {
  readonly #texts: readonly string[];
  readonly #known = new Map<string, number>();
  #searched = 0;
  #table: ReadonlyMap<string, number> | undefined;

  /** `texts`: the `Packages` files, in the order of the suites. */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** A number that is lower the earlier `name` is met; Infinity when it is mentioned nowhere. */
  of(name: string): number {
    let rank = this.#known.get(name);
    if (rank === undefined) {
      rank = this.#table || this.#searched > searchBudget ? this.#look(name) : this.#search(name);
      this.#known.set(name, rank);
    }
    return rank;
  }

  #look(name: string): number {
    this.#table ??= mentionTable(this.#texts);
    return this.#table.get(name) ?? Infinity;
  }

  #search(name: string): number {
    let base = 0;
    for (const text of this.#texts) {
      const found = firstMention(text, name);
      this.#searched += found ? found.stanza : text.length;
      if (found) return mentionRank({ ...found, stanza: base + found.stanza });
      base += text.length;
    }
    return Infinity;
  }
}

type Mention = { readonly stanza: number; readonly field: number; readonly column: number };

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
  if (at === 0 || !" ,|\t".includes(text.charAt(at - 1))) return undefined;
  const next = text.charAt(at + name.length);
  if (next !== "" && !" ,|(\n:[<\t".includes(next)) return undefined;
  // `name:any` is another thing to apt than `name`.
  if (next === ":" && text.startsWith(":any", at + name.length)) return undefined;
  const line = startOfField(text, at);
  const field = fieldRank(text.slice(line, text.indexOf(":", line)));
  if (field === undefined) return undefined;
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
