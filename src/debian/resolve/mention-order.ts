import { mentionTable } from "./mention-table.ts";
import { fieldRank, mentionRank } from "./mention-rank.ts";

/** How many characters are searched before a table of all names is cheaper: about twelve times all of Debian. */
const searchBudget = 600_000_000;

/**
 * Orders names by where an index first mentions them: as a package or in any relation. Among providers that are otherwise equal apt takes the one
 * that it met last, so this order decides what an image contains.
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

  /** For each name a number that is lower the earlier it is met; Infinity when it is mentioned nowhere. */
  ranksOf(names: readonly string[]): readonly number[] {
    if (this.#table === undefined && this.#searched > searchBudget) this.#table = mentionTable(this.#texts);
    if (this.#table === undefined) this.#search(names.filter((name) => !this.#known.has(name)));
    return names.map((name) => (this.#table ?? this.#known).get(name) ?? Infinity);
  }

  #search(names: readonly string[]): void {
    let base = 0;
    let missing = new Set(names);
    for (const text of this.#texts) {
      const found = missing.size === 0 ? [] : searchText(text, missing);
      for (const [name, mention] of found)
        this.#known.set(name, mentionRank({ ...mention, stanza: base + mention.stanza }));
      this.#searched += missing.size === 0 ? 0 : text.length;
      missing = new Set([...missing].filter((name) => !this.#known.has(name)));
      base += text.length;
    }
    for (const name of missing) this.#known.set(name, Infinity);
  }
}

type Mention = { readonly stanza: number; readonly field: number; readonly column: number };

/** The first mention of each name, in one pass. */
function searchText(text: string, names: ReadonlySet<string>): ReadonlyMap<string, Mention> {
  const found = new Map<string, Mention>();
  const pattern = patternOf(names);
  let lastEnd = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [name] = match;
    const known = found.get(name);
    // All are found, and no stanza is open in which an earlier field could mention one again.
    if (found.size === names.size && match.index > lastEnd) break;
    if (known && match.index > endOfStanza(text, known.stanza)) continue;
    const mention = mentionAt(text, name, match.index);
    if (!mention || (known && !isBefore(mention, known))) continue;
    found.set(name, mention);
    lastEnd = Math.max(lastEnd, endOfStanza(text, mention.stanza));
  }
  return found;
}

/** A name between what may stand around one; the longest first, as one may begin like another. */
function patternOf(names: ReadonlySet<string>): RegExp {
  const words = [...names].toSorted((a, b) => b.length - a.length).map((name) => RegExp.escape(name));
  return new RegExp(String.raw`(?<=[ ,|\t])(?:${words.join("|")})(?=[ ,|(\n:[<\t]|$)`, "g");
}

function endOfStanza(text: string, from: number): number {
  const blank = text.indexOf("\n\n", from);
  return blank < 0 ? text.length : blank;
}

function isBefore(a: Mention, b: Mention): boolean {
  return a.field < b.field || (a.field === b.field && a.column < b.column);
}

function mentionAt(text: string, name: string, at: number): Mention | undefined {
  // `name:any` is another thing to apt than `name`.
  if (text.startsWith(":any", at + name.length)) return undefined;
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
