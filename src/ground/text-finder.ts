/** Looks for a text in bytes that come in pieces. */
export type TextFinder = { readonly add: (chunk: Buffer) => void; readonly isFound: () => boolean };

/** Also finds a text that is split over pieces, keeping only as much as the text is long. Without a text everything fits. */
export function textFinder(text: string | undefined): TextFinder {
  const wanted = Buffer.from(text ?? "");
  let isFound = wanted.length === 0;
  let rest = Buffer.alloc(0);
  return {
    add: (chunk) => {
      if (isFound) return;
      const joined = Buffer.concat([rest, chunk]);
      isFound = joined.includes(wanted);
      rest = Buffer.from(joined.subarray(Math.max(0, joined.length - wanted.length + 1)));
    },
    isFound: () => isFound,
  };
}
