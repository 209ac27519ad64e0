/** `no mistakes`, `1 mistake`, `3 mistakes`. */
export function count(number: number, word: string): string {
  if (number === 0) return `no ${word}s`;
  return number === 1 ? `1 ${word}` : `${number} ${word}s`;
}
