import { SystemCallError } from "../../ground/libc.ts";
import { askNetlink } from "../../ground/netlink.ts";

/** Requests of rtnetlink(7), with the numbers of linux/rtnetlink.h and linux/if_link.h. All fields in the machine's own order: little-endian on every machine that Ingot supports. */
export const requests = { newLink: 16, getLink: 18, newAddress: 20 } as const;

/** Of netlink(7): make it, and fail when it is there already. */
export const createNew = 0x400 | 0x200;
const [isRequest, wantsAnswer] = [1, 4];
const errorAnswer = 2;
const headerSize = 16;

export type NetlinkRequest = {
  readonly type: number;
  readonly flags?: number;
  /** The fixed part, and the attributes behind it. */
  readonly body: readonly Buffer[];
};

/** Sends a request and returns the body of the answer: empty for a mere acknowledgement. Throws `SystemCallError` with the errno that the kernel answers. */
export function callNetlink(file: number, { type, flags = 0, body }: NetlinkRequest): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeUInt32LE(headerSize + body.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt16LE(type, 4);
  // A request that asks for something is answered with it; the acknowledgement would only come after that.
  header.writeUInt16LE(isRequest | flags | (type === requests.getLink ? 0 : wantsAnswer), 6);
  const answer = askNetlink(file, Buffer.concat([header, ...body]));
  if (answer.readUInt16LE(4) !== errorAnswer) return answer.subarray(headerSize, answer.readUInt32LE(0));
  const errno = -answer.readInt32LE(headerSize);
  if (errno !== 0) throw new SystemCallError("netlink request", String(type), errno);
  return Buffer.alloc(0);
}

/** One attribute: its length, its type, its value, filled up to four bytes. */
export function attribute(type: number, ...values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values);
  const whole = Buffer.alloc(Math.ceil((4 + value.length) / 4) * 4);
  whole.writeUInt16LE(4 + value.length, 0);
  whole.writeUInt16LE(type, 2);
  value.copy(whole, 4);
  return whole;
}

export function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function textOf(value: string): Buffer {
  return Buffer.from(`${value}\0`, "latin1");
}

/** struct ifinfomsg: which interface, and whether it is to be up. */
export function linkPart(options: { readonly index?: number; readonly isUp?: boolean } = {}): Buffer {
  const part = Buffer.alloc(16);
  part.writeInt32LE(options.index ?? 0, 4);
  if (options.isUp) {
    part.writeUInt32LE(1, 8);
    part.writeUInt32LE(1, 12);
  }
  return part;
}

/** struct ifaddrmsg of an IPv4 address that is valid everywhere. */
export function addressPart(index: number, bits: number): Buffer {
  const part = Buffer.alloc(8);
  part.writeUInt8(2, 0);
  part.writeUInt8(bits, 1);
  part.writeUInt32LE(index, 4);
  return part;
}
