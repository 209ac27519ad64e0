/** What a log asks of a witness: to go on from `oldSize` to the checkpoint, which `proof` shows to be its continuation. */
export type AddCheckpoint = {
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  /** The signed checkpoint, as it came. */
  readonly note: string;
};

/** Reads the body of `add-checkpoint` (C2SP tlog-witness); undefined for what is none. Says nothing about the checkpoint in it. */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  const end = body.indexOf("\n\n");
  if (end === -1) return undefined;
  const [first = "", ...lines] = body.slice(0, end).split("\n");
  const oldSize = parseSize(/^old (.*)$/.exec(first)?.[1] ?? "");
  const proof = lines.map(parseHash);
  // "The client MUST NOT send more than 63 consistency proof lines": a tree has no more levels.
  if (oldSize === undefined || proof.length > 63 || !proof.every((hash) => hash !== undefined)) return undefined;
  return { oldSize, proof, note: body.slice(end + 2) };
}

/** The body that `parseAddCheckpoint` reads. */
export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${hash.toString("base64")}\n`).join("")}\n${note}`;
}

/** A tree's size in decimal, without leading zeroes. */
export function parseSize(text: string): number | undefined {
  const size = Number(text);
  return /^(0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(size) ? size : undefined;
}

function parseHash(line: string): Buffer | undefined {
  const hash = Buffer.from(line, "base64");
  return hash.length === 32 && hash.toString("base64") === line ? hash : undefined;
}
