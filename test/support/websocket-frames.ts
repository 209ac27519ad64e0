import { createHash, randomBytes } from "node:crypto";

/** Frames of RFC 6455, section 5.2, each a whole message of at most 64 kB: enough for tests on both sides. */
export type Frame = { readonly kind: "text" | "close" | "ping" | "pong"; readonly data: Buffer };

const codes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** What a server answers a client's key with (section 4.2.2). */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Clients mask what they send; servers do not. */
export function encodeFrame({ kind, data }: Frame, options: { isMasked: boolean }): Buffer {
  const mask = options.isMasked ? randomBytes(4) : Buffer.alloc(0);
  const length =
    data.length < 126 ? Buffer.from([data.length]) : Buffer.from([126, data.length >> 8, data.length & 255]);
  if (options.isMasked) length.writeUInt8(length.readUInt8(0) | 0x80, 0);
  return Buffer.concat([Buffer.from([0x80 | codes[kind]]), length, mask, applyMask(data, mask)]);
}

/** The whole frames at the start of `bytes`, and what is left of it. */
export function decodeFrames(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let rest = bytes;
  for (let next = decodeFrame(rest); next !== undefined; next = decodeFrame(rest)) {
    frames.push(next.frame);
    rest = rest.subarray(next.size);
  }
  return { frames, rest };
}

function decodeFrame(bytes: Buffer): { frame: Frame; size: number } | undefined {
  if (bytes.length < 2 || ((bytes.readUInt8(1) & 0x7f) === 126 && bytes.length < 4)) return undefined;
  const isMasked = (bytes.readUInt8(1) & 0x80) !== 0;
  const short = bytes.readUInt8(1) & 0x7f;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const maskAt = short === 126 ? 4 : 2;
  const dataAt = maskAt + (isMasked ? 4 : 0);
  if (bytes.length < dataAt + length) return undefined;
  const data = applyMask(bytes.subarray(dataAt, dataAt + length), bytes.subarray(maskAt, dataAt));
  return { frame: { kind: kindOf(bytes.readUInt8(0) & 15), data }, size: dataAt + length };
}

function kindOf(code: number): Frame["kind"] {
  const kind = (Object.keys(codes) as Frame["kind"][]).find((one) => codes[one] === code);
  if (kind === undefined) throw new Error(`a frame of the kind ${code} was not expected`);
  return kind;
}

function applyMask(data: Buffer, mask: Buffer): Buffer {
  if (mask.length === 0) return data;
  return Buffer.from(data.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}
