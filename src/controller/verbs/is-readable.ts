/** Whether a person can read a text: spaces, control characters and what has no width say nothing. Attack: a glass is broken, or an image revoked, for a reason that nobody sees. */
export function isReadable(text: string): boolean {
  return /[^\p{C}\p{Z}\p{M}]/u.test(text);
}
