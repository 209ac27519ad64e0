const codes = { red: "31", yellow: "33", green: "32", cyan: "36", dim: "2" } as const;

/** Colours text for stderr; plain where stderr is no terminal or NO_COLOR is set (no-color.org: to anything but the empty string). */
export function paint(colour: keyof typeof codes, text: string): string {
  if (!process.stderr.isTTY || process.env.NO_COLOR || process.env.TERM === "dumb") return text;
  return `\u001b[${codes[colour]}m${text}\u001b[0m`;
}
