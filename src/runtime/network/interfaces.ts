import { closeSync, openSync } from "node:fs";
import { openNetlink } from "../../ground/netlink.ts";
import {
  addressPart,
  attribute,
  callNetlink,
  createNew,
  linkPart,
  numberOf,
  requests,
  textOf,
} from "./netlink-message.ts";
import { bridgeName, parseRange } from "./subnet.ts";

/** Attributes of linux/if_link.h and linux/if_addr.h. */
const link = { hardwareAddress: 1, name: 3, master: 10, information: 18, namespaceFile: 28 } as const;
const information = { kind: 1, data: 2, peer: 1 } as const;
const address = { address: 1, local: 2, broadcast: 4 } as const;

/** The first interface that is made in a network namespace, after the loopback. */
const innerIndex = 2;

/** What was made: names and hardware addresses, as a CNI result has them. */
export type Interfaces = { readonly bridge: string; readonly outer: Interface; readonly inner: Interface };
export type Interface = { readonly name: string; readonly mac: string };

export type Joining = {
  /** The path of the network namespace, and a socket that was opened in it. */
  readonly namespace: string;
  readonly inside: number;
  /** `10.213.0.7/16`. */
  readonly cidr: string;
  /** Eight bytes of chance. */
  readonly random: Buffer;
};

/**
 * A pair of interfaces, one a port of the bridge, the other `eth0` of the network namespace with its address: what the CNI plugin `bridge` does, in four requests. The address is there before the interface is up,
 * so that the kernel tells the neighbours of it (`arp_notify`): one of them may know it from an instance that is gone.
 */
export function joinBridge({ namespace, inside, cidr, random }: Joining): Interfaces {
  const outside = openNetlink();
  const file = openSync(namespace, "r");
  try {
    const bridge = findBridge(outside);
    const outer = { name: `veth${random.toString("hex", 0, 4)}`, mac: macOf(random, 4) };
    const inner = { name: "eth0", mac: macOfAddress(cidr) };
    makePair(outside, { outer, inner, master: bridge.index, namespace: file });
    addAddress(inside, cidr);
    callNetlink(inside, { type: requests.newLink, body: [linkPart({ index: innerIndex, isUp: true })] });
    return { bridge: bridge.mac, outer, inner };
  } finally {
    closeSync(file);
    closeSync(outside);
  }
}

/** The loopback is the first interface of every network namespace. */
export function raiseLoopback(inside: number): void {
  callNetlink(inside, { type: requests.newLink, body: [linkPart({ index: 1, isUp: true })] });
}

function findBridge(outside: number): { readonly index: number; readonly mac: string } {
  const answer = callNetlink(outside, {
    type: requests.getLink,
    body: [linkPart(), attribute(link.name, textOf(bridgeName))],
  });
  const index = answer.readInt32LE(4);
  for (let at = 16; at + 4 <= answer.length; at += Math.ceil(answer.readUInt16LE(at) / 4) * 4) {
    if (answer.readUInt16LE(at + 2) === link.hardwareAddress)
      return { index, mac: formatMac(answer.subarray(at + 4, at + 10)) };
  }
  return { index, mac: "" };
}

type Pair = {
  readonly outer: Interface;
  readonly inner: Interface;
  readonly master: number;
  readonly namespace: number;
};

function makePair(outside: number, { outer, inner, master, namespace }: Pair): void {
  const peer = attribute(
    information.peer,
    linkPart({ index: innerIndex }),
    attribute(link.name, textOf(inner.name)),
    attribute(link.hardwareAddress, bytesOf(inner.mac)),
    attribute(link.namespaceFile, numberOf(namespace)),
  );
  const kind = attribute(information.kind, Buffer.from("veth", "latin1"));
  const body = [
    linkPart({ isUp: true }),
    attribute(link.name, textOf(outer.name)),
    attribute(link.hardwareAddress, bytesOf(outer.mac)),
    attribute(link.master, numberOf(master)),
    attribute(link.information, kind, attribute(information.data, peer)),
  ];
  callNetlink(outside, { type: requests.newLink, flags: createNew, body });
}

function addAddress(inside: number, cidr: string): void {
  const [text = "", bits = ""] = cidr.split("/");
  const own = Buffer.from(text.split(".").map(Number));
  const { first = 0, mask = 0 } = parseRange(cidr) ?? {};
  const last = Buffer.alloc(4);
  last.writeUInt32BE((first | ~mask) >>> 0);
  const attributes = [
    attribute(address.local, own),
    attribute(address.address, own),
    attribute(address.broadcast, last),
  ];
  callNetlink(inside, {
    type: requests.newAddress,
    flags: createNew,
    body: [addressPart(innerIndex, Number(bits)), ...attributes],
  });
}

/** Chosen by us: the two low bits of its first byte say so, and that it is one interface's. */
function macOf(random: Buffer, at: number): string {
  const bytes = Buffer.from([0x02, 0x42, ...random.subarray(at, at + 4)]);
  return formatMac(bytes);
}

/**
 * The same for each instance that ever has the address: whoever remembers it from one that is gone (the host, a neighbour) reaches the new one by what it remembers. Otherwise a frame that tells
 * of the new one and is lost costs its first connections some seconds.
 */
function macOfAddress(cidr: string): string {
  const bytes = (cidr.split("/")[0] ?? "").split(".").map(Number);
  return formatMac(Buffer.from([0x0a, 0x58, ...bytes]));
}

function formatMac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function bytesOf(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}
