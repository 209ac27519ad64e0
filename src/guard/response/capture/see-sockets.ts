import type { CapturedDescriptor } from "./see-descriptors.ts";
import type { Redactor } from "./redact.ts";
import { readProc } from "./read-proc.ts";

/** A socket of an instance's network. `peer`: of a connection, its other end; Unix sockets have none that /proc names. */
export type CapturedSocket = {
  readonly protocol: "tcp" | "tcp6" | "udp" | "udp6" | "unix";
  readonly local: string;
  readonly peer?: string;
  readonly state: string;
  readonly inode: number;
  /** Who has it open. */
  readonly holders: readonly { readonly pid: number; readonly descriptor: number }[];
};

const mostTable = 1 << 20;

/** The sockets of the network that a process is in. */
export function seeSockets(
  pid: number,
  descriptors: readonly CapturedDescriptor[],
  redactor: Redactor,
): readonly CapturedSocket[] {
  const holders = new Map<number, { pid: number; descriptor: number }[]>();
  for (const { socket, pid: holder, descriptor } of descriptors) {
    if (socket !== undefined) holders.set(socket, [...(holders.get(socket) ?? []), { pid: holder, descriptor }]);
  }
  const lines = (table: string): readonly string[] =>
    readProc(`/proc/${pid}/net/${table}`, mostTable).toString().trimEnd().split("\n").slice(1);
  const found = [
    ...(["tcp", "tcp6", "udp", "udp6"] as const).flatMap((protocol) =>
      lines(protocol).flatMap((line) => parseInternetSocket(protocol, line)),
    ),
    ...lines("unix").flatMap((line) => parseUnixSocket(line)),
  ];
  return found.map((socket) => ({
    ...socket,
    local: redactor.text(socket.local),
    holders: holders.get(socket.inode) ?? [],
  }));
}

type Parsed = Omit<CapturedSocket, "holders">;

/** Of the kernel's net/tcp_states.h. */
const states = [
  "",
  "established",
  "syn-sent",
  "syn-received",
  "fin-wait-1",
  "fin-wait-2",
  "time-wait",
  "closed",
  "close-wait",
  "last-ack",
  "listening",
  "closing",
  "syn-received",
];

/** `0: 0100007F:1F90 00000000:0000 0A … uid timeout inode`: addresses in the machine's words. */
export function parseInternetSocket(protocol: Exclude<Parsed["protocol"], "unix">, line: string): readonly Parsed[] {
  const [, local, peer, state = "", , , , , , inode] = line.trim().split(/\s+/);
  if (local === undefined || peer === undefined || inode === undefined) return [];
  const isPeered = !/^0+:0+$/.test(peer);
  return [
    {
      protocol,
      local: formatAddress(local),
      ...(isPeered ? { peer: formatAddress(peer) } : {}),
      state: states[Number.parseInt(state, 16)] ?? state,
      inode: Number(inode),
    },
  ];
}

/** `ffff…: 00000002 00000000 00010000 0001 01 12345 /run/x.sock`; an abstract name begins with @, and many have none. */
export function parseUnixSocket(line: string): readonly Parsed[] {
  const found = /^[0-9a-f]+: \S+ \S+ (\S+) (\S+) (\S+)\s+(\d+)(?: (.*))?$/s.exec(line);
  if (found === null) return [];
  const [, flags, , , inode, path = ""] = found;
  // __SO_ACCEPTCON of linux/net.h.
  const isListening = (Number.parseInt(flags ?? "", 16) & 0x10000) !== 0;
  return [{ protocol: "unix", local: path, state: isListening ? "listening" : "open", inode: Number(inode) }];
}

/** `0100007F:1F90` is 127.0.0.1:8080; of IPv6 each of four words is turned round. */
function formatAddress(text: string): string {
  const [address = "", port = ""] = text.split(":");
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].toReversed());
  const number = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.join(".")}:${number}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(":")}]:${number}`;
}
