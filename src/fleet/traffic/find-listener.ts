import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import type { ListenAddress } from "../../ground/listen-address.ts";

/** A program of this host; the name is the kernel's, and a program may call itself anything. */
export type Listener = { readonly pid: number; readonly name: string };

/** Who listens where nobody else can then: at the same port of the same address, or of all addresses. Undefined where no process of this view of the host does. */
export function findListener({ host, port }: ListenAddress): Listener | undefined {
  const sockets = new Set([
    ...readTable("/proc/net/tcp").flatMap((line) => socketOf(line, { host, port })),
    ...readTable("/proc/net/tcp6").flatMap((line) => socketOf(line, { host, port })),
  ]);
  if (sockets.size === 0) return undefined;
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && hasOpen(name, sockets));
  if (pid === undefined) return undefined;
  const name = read(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "a program";
  return { pid: Number(pid), name: name.replaceAll(/[^\x20-\x7e]/g, "?") };
}

/** Whether two cannot listen at both addresses at the same time. */
export function isSameAddress(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port) return false;
  if (isAny(one.host) || isAny(other.host)) return true;
  const [family, otherFamily] = [isIP(one.host), isIP(other.host)];
  if (family !== otherFamily) return false;
  const list = new BlockList();
  const type = family === 6 ? "ipv6" : "ipv4";
  list.addAddress(one.host, type);
  return list.check(other.host, type);
}

/** `::` takes connections to IPv4 addresses, too. */
function isAny(host: string): boolean {
  return host === "0.0.0.0" || (isIP(host) === 6 && /^[0:]+$/.test(host));
}

function readTable(path: string): readonly string[] {
  return read(() => readFileSync(path, "utf8"))?.split("\n") ?? [];
}

function hasOpen(pid: string, sockets: ReadonlySet<string>): boolean {
  const files = read(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return files.some((file) => sockets.has(read(() => readlinkSync(`/proc/${pid}/fd/${file}`)) ?? ""));
}

/** proc_net(5): the second field is address and port in hexadecimal, the fourth the state (0A: listening), the tenth the socket's number. */
function socketOf(line: string, wanted: ListenAddress): string[] {
  const fields = line.trim().split(/\s+/);
  const [address = "", port = ""] = fields[1]?.split(":") ?? [];
  if (fields[3] !== "0A") return [];
  const found = { host: hostOf(address), port: Number.parseInt(port, 16) };
  return isSameAddress(found, wanted) ? [`socket:[${fields[9]}]`] : [];
}

/** Words of 32 bits in the machine's own order: little-endian on every machine that Ingot supports. */
function hostOf(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  return bytes.toString("hex").match(/.{4}/g)?.join(":") ?? "::";
}

/** Undefined for a process that ends while it is looked at. */
function read<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // Only for the sentence of an error that is told anyway, or to tell one early.
    return undefined;
  }
}
