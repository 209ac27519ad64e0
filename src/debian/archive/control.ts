import { IngotError } from "../../ground/error.ts";

/** One paragraph of a deb822 file: `Packages`, `Release`, a .deb's `control`, `*.sources`. */
export class Stanza {
  /**
   * Field names as written, in the file's order. A value has its continuation lines as they are: newline, then the
   * leading blank.
   */
  readonly fields: ReadonlyMap<string, string>;
  /** Number of its first line, from 1. */
  readonly line: number;
  readonly #byLowerCase: ReadonlyMap<string, string>;

  constructor(fields: ReadonlyMap<string, string>, line: number) {
    this.fields = fields;
    this.line = line;
    this.#byLowerCase = new Map([...fields].map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** The value of a field, whatever the case of its name (deb822(5)); undefined where it is absent. */
  get(name: string): string | undefined {
    return this.fields.get(name) ?? this.#byLowerCase.get(name.toLowerCase());
  }

  /** Like `get`, but a missing or empty field throws `control-malformed`; `where` names the file. */
  require(name: string, where: string): string {
    const value = this.get(name);
    if (value) return value;
    throw new IngotError("control-malformed", `${where}:${this.line}: the field ${name} is missing`);
  }
}

export type ControlOptions = {
  /** Names the file in errors. */
  readonly where: string;
  /** Whether lines that begin with `#` are comments: so in sources lists and debian/control, not in archive indexes. */
  readonly comments?: boolean;
};

/**
 * Parses deb822 (deb822(5), Debian Policy 5.1) into its stanzas; UTF-8, LF or CRLF. Throws `control-malformed` with
 * file and line for a line that is no field, a continuation without a field, or a field given twice.
 */
export function parseControl(content: Uint8Array | string, options: ControlOptions): readonly Stanza[] {
  const text = typeof content === "string" ? content : decoder.decode(content);
  const stanzas: Stanza[] = [];
  let open = new OpenStanza(1, options);
  let number = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trimEnd();
    start = end + 1;
    number += 1;
    if (options.comments && line.startsWith("#")) continue;
    if (line === "") {
      if (open.fields.size > 0) stanzas.push(new Stanza(open.fields, open.line));
      open = new OpenStanza(number + 1, options);
    } else open.add(line, number);
  }
  if (open.fields.size > 0) stanzas.push(new Stanza(open.fields, open.line));
  return stanzas;
}

/** Parses a file that must hold exactly one stanza: a .deb's `control`, a `Release`. */
export function parseSingleControl(content: Uint8Array | string, options: ControlOptions): Stanza {
  const [stanza, second] = parseControl(content, options);
  if (stanza && !second) return stanza;
  const found = second ? `a second stanza in line ${second.line}` : "none";
  throw new IngotError("control-malformed", `${options.where}: expected one stanza, found ${found}`);
}

const decoder = new TextDecoder();

class OpenStanza {
  readonly fields = new Map<string, string>();
  line: number;
  readonly #names = new Set<string>();
  readonly #options: ControlOptions;
  #current = "";

  constructor(line: number, options: ControlOptions) {
    this.line = line;
    this.#options = options;
  }

  add(line: string, number: number): void {
    if (line.startsWith(" ") || line.startsWith("\t")) this.#continue(line, number);
    else this.#begin(line, number);
  }

  #continue(line: string, number: number): void {
    if (this.#current === "") throw this.#malformed(number, "a continuation line without a field before it");
    this.fields.set(this.#current, `${this.fields.get(this.#current)}\n${line}`);
  }

  #begin(line: string, number: number): void {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!fieldName.test(name))
      throw this.#malformed(number, `expected "Field: value", found ${JSON.stringify(line.slice(0, 60))}`);
    // Two values for one field let two readers of the same signed file see different things.
    const key = name.toLowerCase();
    if (this.#names.has(key)) throw this.#malformed(number, `the field ${name} is given twice`);
    this.#names.add(key);
    if (this.fields.size === 0) this.line = number;
    this.#current = name;
    this.fields.set(name, line.slice(colon + 1).trimStart());
  }

  #malformed(number: number, problem: string): IngotError {
    return new IngotError("control-malformed", `${this.#options.where}:${number}: ${problem}`);
  }
}

/** Printable ASCII without space and colon, not beginning with `-` or `#` (Debian Policy 5.1). */
const fieldName = /^[!"$-,.-9;-~][!-9;-~]*$/;
