/** What a container printed, out of the frames that the API wraps it in: one byte for the stream, three of padding, four for the length, big-endian ("Stream format" of `ContainerAttach`). */
export async function* demultiplex(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let header = Buffer.alloc(0);
  let left = 0;
  for await (const chunk of stream) {
    let rest = Buffer.from(chunk);
    while (rest.length > 0) {
      if (left === 0) {
        const more = 8 - header.length;
        header = Buffer.concat([header, rest.subarray(0, more)]);
        rest = rest.subarray(more);
        if (header.length < 8) break;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const piece = rest.subarray(0, left);
      left -= piece.length;
      rest = rest.subarray(piece.length);
      yield piece;
    }
  }
}
