/** Comments and texts, which may hold any word; the sign before an annotation's name; words. */
const tokenPattern = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|@|[A-Za-z_][A-Za-z0-9_]*/g;

/** A rule with the effect `permit`, otherwise to the letter: its effect is its first word that is no annotation's name. The rule was parsed before. */
export function asPermit(text: string): string {
  let isAnnotation = false;
  for (const { 0: token, index } of text.matchAll(tokenPattern)) {
    if (token.startsWith("//") || token.startsWith('"')) continue;
    if (token !== "@" && !isAnnotation) return `${text.slice(0, index)}permit${text.slice(index + token.length)}`;
    isAnnotation = token === "@";
  }
  return text;
}
