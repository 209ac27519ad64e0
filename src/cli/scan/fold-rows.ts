/** Rows that differ in one column only, as one: `texts` are what stood there, in the order in which they came. */
export type FoldedRow = { readonly cells: readonly string[]; readonly texts: readonly string[] };

/** Fewer alike stay rows of their own: folding two would save no line. */
const fewest = 3;

/** A package with forty findings and one fix is one row: each stands where its first one stood. */
export function foldRows(rows: readonly (readonly string[])[], column: number): readonly FoldedRow[] {
  const groups = new Map<string, (readonly string[])[]>();
  for (const row of rows) {
    const key = JSON.stringify(row.toSpliced(column, 1));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group): readonly FoldedRow[] => {
    const texts = group.map((row) => row[column] ?? "");
    const [first = []] = group;
    if (group.length < fewest) return group.map((row) => ({ cells: row, texts: [] }));
    return [{ cells: first.with(column, `${group.length} findings`), texts }];
  });
}

/** Words with commas between them, in lines of at most `width` characters, or of one word. */
export function wrapList(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const text = index === words.length - 1 ? word : `${word},`;
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + text.length > width) lines.push(text);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return lines;
}
