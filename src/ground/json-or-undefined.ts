/** What a text says as JSON; undefined for what is none. For where a schema looks at it next and says what was expected; a parser's own message would quote the text, and there may be secrets in it. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
