/**
 * Text from images, archives and registries as a terminal may show it: control characters, which can move the cursor, hide what was printed or type an answer, and those that
 * turn the direction of text around are written as escapes. Newlines and tabs stay.
 */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}

/** JSON that a terminal may show: the same value, with the characters that `plainText` would take out written in JSON's own escapes, so that it stays JSON. */
export function plainJson(text: string): string {
  return text.replaceAll(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
