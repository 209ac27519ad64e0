/** System calls of x86-64. */
const [exitCall, pauseCall] = [60, 34];

/**
 * A static program for x86-64 of some 140 bytes that ends at once, or with `waits` stays until it is killed: no compiler is needed, and nothing runs for a shorter time. `salt` makes its bytes differ.
 */
export function tinyProgram(options: { readonly waits?: boolean; readonly salt?: number } = {}): Buffer {
  // mov eax, number; xor edi, edi; syscall; and for one that waits, round again: jmp to its beginning.
  const call = options.waits === true ? pauseCall : exitCall;
  const code = Buffer.from([0xb8, call, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, 0xeb, 0xf5]);
  const salt = Buffer.alloc(8);
  salt.writeUInt32LE(options.salt ?? 0);
  const headers = 64 + 56;
  const size = headers + code.length + salt.length;
  const address = 0x400000n;
  const file = Buffer.alloc(headers);
  // ELF header: 64 bits, little endian, executable, x86-64 (62), one program header right behind it.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], 0);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(address + BigInt(headers), 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  // PT_LOAD, readable and executable, all of the file.
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(address, 80);
  file.writeBigUInt64LE(address, 88);
  file.writeBigUInt64LE(BigInt(size), 96);
  file.writeBigUInt64LE(BigInt(size), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([file, code, salt]);
}
