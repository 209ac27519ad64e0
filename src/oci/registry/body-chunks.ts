/** The bytes of an answer piece by piece; none where it has no body. */
export async function* bodyChunks(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body !== null) yield* body;
}

/** The first 64 KiB of an answer for people or programs, and no more: a registry that never ends one would fill the memory. */
export async function startOfBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(response)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= mostOfStart) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, mostOfStart);
}

const mostOfStart = 64 * 1024;
