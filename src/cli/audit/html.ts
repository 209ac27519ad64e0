import { plainText } from "../plain-text.ts";

/** Text that is HTML already. Only `html` makes it, so that nothing gets there unescaped. */
export class Html {
  readonly #text: string;

  constructor(trusted: string) {
    this.#text = trusted;
  }

  toString(): string {
    return this.#text;
  }
}

export type HtmlPart = Html | string | number | boolean | undefined | readonly HtmlPart[];

/**
 * A template of HTML: what stands in it as source is markup, and every value is text, unless it is `Html` itself. The markup must be well-formed XML, with attributes in double quotes. Attack: a
 * service, reason or package name that closes an element, begins a script, or turns the direction of the text around it.
 */
export function html(markup: TemplateStringsArray, ...values: readonly HtmlPart[]): Html {
  return new Html(String.raw({ raw: markup }, ...values.map(render)));
}

function render(value: HtmlPart): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "object") return value.map(render).join("");
  return plainText(String(value))
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
