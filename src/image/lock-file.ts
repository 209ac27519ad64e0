import { readFileSync } from "node:fs";
import * as z from "zod";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import { IngotError, isErrno } from "../ground/error.ts";
import { isDigest, type Digest } from "../oci/digest.ts";
import { compatibility, type Lock } from "./lock.ts";

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "expected sha256:HEX");
const archive = z.enum(["main", "security"]);
const hex = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits");
/** A pool path is joined to a mirror's URL and a package name becomes a file name: neither may climb. */
const poolPath = z
  .string()
  .regex(/^[^/\0][^\0]*$/)
  .refine((path) => !path.split("/").includes(".."), "must not contain ..");
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "expected a Debian package name");

const suite = z.strictObject({
  archive,
  suite: z.string(),
  components: z.array(z.string()),
  digest,
  date: z.iso.datetime(),
  validUntil: z.iso.datetime().exactOptional(),
  signedBy: z.array(z.string()),
});

const base = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("debian"), suite: z.string() }),
  z.strictObject({ kind: z.literal("image"), name: z.string() }),
  z.strictObject({ kind: z.literal("oci"), reference: z.string(), digest }),
]);

const lockedPackage = z.strictObject({
  name: packageName,
  version: z.string().min(1),
  architecture: z.string(),
  source: z.string(),
  sourceVersion: z.string(),
  sha256: hex,
  size: z.int().positive(),
  path: poolPath,
  archive,
  stage: z.string(),
  layer: z.string(),
});

const imageLock = z.strictObject({
  architecture: z.string(),
  base,
  request: digest,
  suites: z.array(suite),
  stages: z.array(z.strictObject({ name: z.string(), epoch: z.int().nonnegative() })),
  packages: z.array(lockedPackage),
});

const lockSchema = z.strictObject({ compatibility: z.int(), images: z.record(z.string(), imageLock) });

/** Reads `ingot.lock`; undefined when there is none. Throws `lock-malformed`, or `lock-incompatible` for another release's lock. */
export function readLock(path: string): Lock | undefined {
  const text = readLockText(path);
  return text === undefined ? undefined : parseLock(text, path);
}

/** The text of `ingot.lock`, undefined when there is none. */
export function readLockText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

export function parseLock(text: string, path: string): Lock {
  const lock: Lock = checkShape(parseJson(text, path), path);
  if (lock.compatibility !== compatibility) {
    throw new IngotError(
      "lock-incompatible",
      `${path} was made for compatibility ${lock.compatibility}; this Ingot builds compatibility ${compatibility}`,
      { hint: "ingot lock makes it anew from the same versions, or use the release of Ingot that wrote it" },
    );
  }
  return lock;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(path, [error instanceof Error ? error.message : String(error)]);
  }
}

function checkShape(value: unknown, path: string): Lock {
  // A lock of another release may have another shape; its number alone decides what is said.
  const other = z.looseObject({ compatibility: z.int() }).safeParse(value);
  if (other.success && other.data.compatibility !== compatibility) {
    return { compatibility: other.data.compatibility, images: {} };
  }
  const result = lockSchema.safeParse(value);
  if (result.success) return result.data;
  throw malformed(
    path,
    result.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`),
  );
}

function malformed(path: string, details: readonly string[]): IngotError {
  return new IngotError("lock-malformed", `${path} is not a lock that Ingot wrote`, {
    details,
    hint: "take it back from Git, or remove it and run: ingot lock",
  });
}

/** Writes the lock so that a crash leaves the old one or the new one. */
export function writeLock(path: string, lock: Lock): void {
  writeFileAtomic(path, formatLock(lock));
}

/** The text of a lock: sorted keys, a line a package and a suite, so that a diff reads as what changed. */
export function formatLock(lock: Lock): string {
  return `${formatValue(lock, "")}\n`;
}

const lineLists = new Set(["packages", "suites", "stages"]);

function formatValue(value: unknown, indent: string, key = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0 || !lineLists.has(key)) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + JSON.stringify(sortKeys(item))).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${inner}${JSON.stringify(name)}: ${formatValue(member, inner, name)}`);
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
