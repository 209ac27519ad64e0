/**
 * System calls that look past namespaces, or that are the usual way into the kernel, and that no maintainer script needs. They answer ENOSYS, as on
 * a kernel without them, so that programs take their other way. Numbers of x86-64 (asm/unistd_64.h).
 */
const refused = {
  // Keys belong to a number, not to a namespace: where root casts, root in the sandbox has the number of the host's root, and so its keys.
  addKey: 248,
  requestKey: 249,
  keyctl: 250,
  perfEventOpen: 298,
  bpf: 321,
  userfaultfd: 323,
  // Without a ring the calls that use one have nothing to use; PID 1 itself has one already.
  ioUringSetup: 425,
} as const;

const socketCall = 41;
/** Sockets to the hypervisor: no network namespace holds them. */
const vsockFamily = 40;

/** The seccomp filter that refuses them, and whole other ABIs of the kernel, in which the calls have other numbers. */
export function refusedCallsFilter(): Buffer {
  const numbers = Object.values(refused);
  const program = [
    loadWord(architectureOffset),
    jumpIfEqual(auditArchitecture, { yes: 1, no: 0 }),
    answer(noSuchCall),
    loadWord(numberOffset),
    jumpIfAtLeast(firstX32Number, { yes: 0, no: 1 }),
    answer(noSuchCall),
    ...numbers.flatMap((number) => [jumpIfEqual(number, { yes: 0, no: 1 }), answer(noSuchCall)]),
    jumpIfEqual(socketCall, { yes: 0, no: 3 }),
    loadWord(firstArgumentOffset),
    jumpIfEqual(vsockFamily, { yes: 0, no: 1 }),
    answer(noSuchFamily),
    instruction(returnCode, { value: allow }),
  ];
  return Buffer.concat(program);
}

/** Offsets in struct seccomp_data (linux/seccomp.h). */
const numberOffset = 0;
const architectureOffset = 4;
const firstArgumentOffset = 16;
/** AUDIT_ARCH_X86_64. */
const auditArchitecture = 0xc000_003e;
/** The bit that marks a call of the x32 ABI. */
const firstX32Number = 0x4000_0000;

const allow = 0x7fff_0000;
const noSuchCall = 38;
const noSuchFamily = 97;

const loadCode = 0x20;
const equalCode = 0x15;
const atLeastCode = 0x35;
const returnCode = 0x06;

type Jump = { readonly yes: number; readonly no: number };

function loadWord(offset: number): Buffer {
  return instruction(loadCode, { value: offset });
}

function jumpIfEqual(value: number, jump: Jump): Buffer {
  return instruction(equalCode, { value, jump });
}

function jumpIfAtLeast(value: number, jump: Jump): Buffer {
  return instruction(atLeastCode, { value, jump });
}

/** SECCOMP_RET_ERRNO. */
function answer(errno: number): Buffer {
  return instruction(returnCode, { value: 0x0005_0000 | errno });
}

/** struct sock_filter (linux/filter.h). */
function instruction(code: number, { value, jump }: { readonly value: number; readonly jump?: Jump }): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jump?.yes ?? 0, 2);
  bytes.writeUInt8(jump?.no ?? 0, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
