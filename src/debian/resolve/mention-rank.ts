/** In the order in which apt reads them, which is not the order in a file. */
const fields = [
  "Package",
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
];

const ranks = new Map(fields.map((field, rank) => [field, rank]));

/** The place of a field in which names count; undefined for the others. */
export function fieldRank(field: string): number | undefined {
  return ranks.get(field);
}

/** Offset of the stanza, then the field (4 bits), then the column in it (20 bits): together they fit the 53 bits of a number. */
export function mentionRank(mention: { stanza: number; field: number; column: number }): number {
  return (mention.stanza * 16 + mention.field) * 1_048_576 + Math.min(mention.column, 1_048_575);
}
