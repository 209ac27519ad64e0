/** What one look found: the test holds, or why it does not, in one sentence that says what was expected and what was there. */
export type Verdict = { readonly isPassed: boolean; readonly message?: string; readonly output?: string };

export const passed: Verdict = { isPassed: true };

export function failed(message: string, output = ""): Verdict {
  return { isPassed: false, message, ...(output === "" ? {} : { output }) };
}

/** `"` around a text of the definition, cut where it would fill the screen. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
