/** One rule as it stands in its file: from its first annotation to its `;`, by offsets of characters. */
export type PolicyStatement = {
  readonly text: string;
  readonly start: number;
};

/** What is wrong with a text before Cedar sees it, at an offset. */
export type TextProblem = { readonly message: string; readonly start: number };

/** Far more than people write, far less than what takes a second or more than Cedar's stack. */
export const policyBounds = { characters: 262_144, rules: 1000, nesting: 32, operators: 200 } as const;

/** Comments and texts first, since both may hold everything else. */
const tokenPattern =
  /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||[=!<>]=|::|[()[\]{};]|[.!<>+*-]|"/g;
const operators = new Set(["&&", "||", "==", "!=", "<=", ">=", ".", "!", "<", ">", "+", "*", "-", "[", "(", "{"]);
const operatorWords = new Set(["if", "has", "like", "in", "is", "when", "unless"]);

/** Splits a file into its rules, so that each is parsed for itself and every mistake of a file is found at once. */
export function splitPolicies(text: string): {
  readonly statements: readonly PolicyStatement[];
  readonly problems: readonly TextProblem[];
} {
  if (text.length > policyBounds.characters) return { statements: [], problems: [tooLong(text)] };
  const splitter = new Splitter(text);
  for (const match of text.matchAll(tokenPattern)) splitter.take(match[0], match.index);
  return splitter.end();
}

class Splitter {
  readonly #text: string;
  readonly #statements: PolicyStatement[] = [];
  readonly #problems: TextProblem[] = [];
  #start: number | undefined;
  #last = 0;
  #nesting = 0;
  #operators = 0;
  #isBad = false;

  constructor(text: string) {
    this.#text = text;
  }

  take(token: string, at: number): void {
    // Between two rules there are only spaces and comments; whatever else stands there begins one.
    if (this.#start === undefined) this.#begin(at);
    if (token.startsWith("//")) {
      if (this.#start === at) this.#clear(at + token.length);
      return;
    }
    if (token === ";") return this.#finish(at + 1);
    this.#measure(token, at);
  }

  end(): { readonly statements: readonly PolicyStatement[]; readonly problems: readonly TextProblem[] } {
    if (this.#start !== undefined || this.#text.slice(this.#last).trim() !== "") {
      this.#begin(this.#text.length);
      this.#finish(this.#text.length);
    }
    return { statements: this.#statements, problems: this.#problems };
  }

  #begin(at: number): void {
    const between = this.#text.slice(this.#last, at);
    const found = between.search(/\S/);
    this.#start ??= found === -1 ? at : this.#last + found;
  }

  #clear(last: number): void {
    [this.#start, this.#last, this.#nesting, this.#operators, this.#isBad] = [undefined, last, 0, 0, false];
  }

  #finish(end: number): void {
    const start = this.#start ?? end;
    if (!this.#isBad) this.#statements.push({ text: this.#text.slice(start, end), start });
    if (this.#statements.length === policyBounds.rules + 1)
      this.#problems.push({ start, message: `a file may hold ${policyBounds.rules} rules, and more begin here` });
    this.#clear(end);
  }

  /** Attack: brackets or operators in thousands, each a call of Cedar's parser, validator or evaluator inside of the last, until its stack ends. */
  #measure(token: string, at: number): void {
    if ("([{".includes(token)) this.#nesting += 1;
    if (")]}".includes(token)) this.#nesting -= 1;
    if (operators.has(token) || operatorWords.has(token)) this.#operators += 1;
    if (this.#nesting > policyBounds.nesting)
      this.#refuse(at, `brackets are nested deeper than ${policyBounds.nesting}`);
    if (this.#operators > policyBounds.operators)
      this.#refuse(
        at,
        `a rule may have ${policyBounds.operators} operators, and this one has more; write several rules`,
      );
  }

  #refuse(start: number, message: string): void {
    if (!this.#isBad) this.#problems.push({ start, message });
    this.#isBad = true;
  }
}

function tooLong(text: string): TextProblem {
  return {
    start: 0,
    message: `a policy file may have ${policyBounds.characters} characters, and this one has ${text.length}`,
  };
}
