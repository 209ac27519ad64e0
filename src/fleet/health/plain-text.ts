/** What an instance said, for a terminal: an attacker may have written it to move the cursor or to fill the screen. */
export function plainText(text: string): string {
  return text.slice(0, 300).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
