import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { crc32, deflateRawSync } from "node:zlib";
import { processContext, type Context } from "../../ground/context.ts";
import type { InstalledSource } from "../scan/finding.ts";
import type { Patience } from "../../debian/archive/transfer.ts";

const now = new Date("2026-11-21T12:00:00Z");

/** A home of its own, on 21 November 2026; `put` writes a file beside it. */
export function makeFeedWorld(t: TestContext): {
  ctx: Context;
  put: (name: string, data: string | Uint8Array) => string;
} {
  const folder = mkdtempSync(join(tmpdir(), "ingot-feeds-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const put = (name: string, data: string | Uint8Array): string => {
    writeFileSync(join(folder, name), data);
    return join(folder, name);
  };
  return { ctx: processContext({ home: join(folder, "home"), cwd: folder, env: {}, now: () => now }), put };
}

export const hasty: Patience = { attempts: 3, backoff: 1, stall: 5000 };

/** A server on loopback; `asked` are the requests so far. */
export async function serve(
  t: TestContext,
  answer: RequestListener,
): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function deb(name: string, version: string, release: string | undefined = "bookworm"): InstalledSource {
  return { ecosystem: "deb", name, version, binaries: [`${name}=${version}+b1`], ...(release ? { release } : {}) };
}

export function language(ecosystem: "npm" | "pypi" | "golang", name: string, version: string): InstalledSource {
  return { ecosystem, name, version, binaries: [`${name}=${version}`] };
}

const open = { status: "open", repositories: { bookworm: "1.0-1" }, urgency: "not yet assigned" };

/** In the tracker's shape: every status and every reason, in a few packages. */
export const tracker = {
  openssl: {
    "CVE-2024-0001": {
      description: "A buffer overflow in openssl.\nMore words.",
      scope: "remote",
      releases: {
        bullseye: { status: "open", repositories: { bullseye: "1.1.1n-0+deb11u5" }, urgency: "end-of-life" },
        bookworm: {
          status: "resolved",
          repositories: { bookworm: "3.0.11-1~deb12u1", "bookworm-security": "3.0.15-1~deb12u1" },
          fixed_version: "3.0.15-1~deb12u1",
          urgency: "medium**",
        },
        trixie: {
          status: "resolved",
          repositories: { trixie: "3.5.1-1" },
          fixed_version: "3.2.0-1",
          urgency: "medium",
        },
      },
    },
    "CVE-2024-0002": {
      description: "Never in this release.",
      releases: { bookworm: { status: "resolved", fixed_version: "0", urgency: "high" } },
    },
    "CVE-2024-0003": {
      description: "Nobody knows.",
      releases: { bookworm: { status: "undetermined", urgency: "not yet assigned" } },
    },
  },
  zlib: {
    "CVE-2024-1001": { description: "Plain.", releases: { bookworm: open } },
    "CVE-2024-1002": { releases: { bookworm: { ...open, urgency: "low", nodsa: "Minor issue", nodsa_reason: "" } } },
    "CVE-2024-1003": {
      releases: { bookworm: { ...open, urgency: "unimportant", nodsa: "Too intrusive", nodsa_reason: "ignored" } },
    },
    "TEMP-0000000-A1B2C3": {
      releases: { bookworm: { ...open, nodsa: "Revisit when fixed upstream", nodsa_reason: "postponed" } },
    },
  },
};

/** By CISA's schema. */
export const exploited = {
  title: "CISA Catalog of Known Exploited Vulnerabilities",
  catalogVersion: "2026.11.20",
  dateReleased: "2026-11-20T15:00:00.0000Z",
  count: 1,
  vulnerabilities: [
    { cveID: "CVE-2024-0001", vendorProject: "OpenSSL", dateAdded: "2026-03-01", dueDate: "2026-03-22" },
  ],
};

export const epss = [
  "#model_version:v2026.03.14,score_date:2026-11-20T00:00:00+0000",
  "cve,epss,percentile",
  "CVE-1999-0001,0.01297,0.86",
  "CVE-2024-0001,0.97,0.9991",
  "CVE-2024-1001,4.2e-04,0.05",
  "",
].join("\n");

/** An OSV record of one npm package, with parts of it replaced. */
export function osvRecord(changes: object = {}): object {
  return {
    schema_version: "1.7.0",
    id: "GHSA-aaaa-bbbb-cccc",
    modified: "2026-11-10T10:00:00Z",
    published: "2026-10-01T10:00:00Z",
    aliases: ["CVE-2026-2001"],
    summary: "left-pad pads on the right",
    severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
    affected: [
      {
        package: { ecosystem: "npm", name: "left-pad" },
        ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "1.2.0" }] }],
      },
    ],
    ...changes,
  };
}

export type ZipPart = {
  readonly name: string;
  readonly data: Uint8Array;
  /** What the archive claims; its real size where it is not given. */
  readonly claimed?: number;
  readonly crc?: number;
};

/** A zip archive, also one that lies. */
export function makeZip(parts: readonly ZipPart[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, claimed = data.length, crc = crc32(data) } of parts) {
    const packed = deflateRawSync(data, { level: 1 });
    const fields = Buffer.alloc(26);
    for (const [at, value] of [
      [0, 20],
      [4, 8],
    ] as const)
      fields.writeUInt16LE(value, at);
    for (const [at, value] of [
      [10, crc],
      [14, packed.length],
      [18, claimed],
    ] as const)
      fields.writeUInt32LE(value, at);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    local.push(Buffer.from("PK\x03\x04", "latin1"), fields, Buffer.from(name), packed);
    central.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), fields, place, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const list = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  for (const at of [8, 10]) end.writeUInt16LE(Math.min(parts.length, 0xffff), at);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, list, end]);
}
