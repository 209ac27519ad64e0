/** The bytes of an answer piece by piece; none where it has no body. */
export async function* bodyChunks(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body !== null) yield* body;
}
