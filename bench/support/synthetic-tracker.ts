import { closeSync, openSync, writeSync } from "node:fs";

/** What a file of the tracker's size is made of. */
export type TrackerShape = { readonly sources: number; readonly vulnerabilities: number };

/** About what the real one has. */
export const fullSize: TrackerShape = { sources: 4_500, vulnerabilities: 45_000 };

const releases = ["buster", "bullseye", "bookworm", "trixie", "forky", "sid"];

export function sourceName(number: number): string {
  return `source-${String(number).padStart(4, "0")}`;
}

/**
 * Writes a tracker file, the same for the same shape: few packages have most vulnerabilities (the first ones thousands, as the kernel has), every vulnerability is told for all releases, most of them
 * resolved long ago. Returns its size in bytes.
 */
export function writeSyntheticTracker(path: string, { sources, vulnerabilities }: TrackerShape): number {
  const random = seeded(20_261_121);
  const counts = shareOut(sources, vulnerabilities);
  const file = openSync(path, "w");
  let size = writeSync(file, "{");
  let id = 0;
  for (const [number, count] of counts.entries()) {
    const entries: Record<string, unknown> = {};
    for (let done = 0; done < count; done++) entries[`CVE-${2004 + (id % 23)}-${10_000 + id++}`] = makeEntry(random);
    size += writeSync(
      file,
      `${number === 0 ? "" : ", "}${JSON.stringify(sourceName(number))}: ${JSON.stringify(entries)}`,
    );
  }
  size += writeSync(file, "}");
  closeSync(file);
  return size;
}

/** As popularity goes: the n-th has its share of 1/n, and every one at least one. */
function shareOut(sources: number, vulnerabilities: number): readonly number[] {
  const weights = Array.from({ length: sources }, (_, index) => 1 / (index + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map((weight) => 1 + Math.floor((weight / total) * (vulnerabilities - sources)));
  const missing = vulnerabilities - counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count, index) => count + (index < missing ? 1 : 0));
}

function makeEntry(random: () => number): unknown {
  const words = Array.from(
    { length: 34 + Math.floor(random() * 30) },
    () => vocabulary[Math.floor(random() * vocabulary.length)],
  );
  const fixedIn = 1 + Math.floor(random() * 20);
  const told = releases.map((release, index) => [release, makeRelease(random, release, fixedIn + index)] as const);
  return {
    scope: random() < 0.3 ? "local" : "remote",
    description: `${words.join(" ")}.`,
    releases: Object.fromEntries(told),
  };
}

function makeRelease(random: () => number, release: string, fixedIn: number): unknown {
  const version = `1.${fixedIn}.${Math.floor(random() * 10)}-${1 + Math.floor(random() * 4)}+deb12u${fixedIn}`;
  const repositories = { [release]: version, [`${release}-security`]: version };
  const chance = random();
  const urgency = random() < 0.2 ? "unimportant" : "not yet assigned";
  if (chance < 0.25) return { status: "resolved", repositories, fixed_version: "0", urgency };
  if (chance < 0.85) return { status: "resolved", repositories, fixed_version: version, urgency };
  if (chance < 0.87) return { status: "undetermined", repositories, urgency };
  if (chance < 0.93) return { status: "open", repositories, urgency, nodsa: "Minor issue", nodsa_reason: "" };
  return { status: "open", repositories, urgency };
}

const vocabulary =
  "a the in of an attacker remote crafted buffer overflow before version heap integer denial service via use after free function parser allows memory code execution file request header packet image decoder".split(
    " ",
  );

/** mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
