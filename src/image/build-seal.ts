import { existsSync, lstatSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import { isErrno } from "../ground/error.ts";
import { compatibility } from "./lock.ts";

/**
 * The proof that a build has nothing to do, checked in milliseconds: the very bytes of definition and lock, the state of every source file (as Git's
 * index keeps it), and the blobs and names that must still be in the store. This file imports nothing heavy, because loading the parsers alone would take longer
 * than the check.
 */
export type BuildSeal<Report> = {
  readonly compatibility: number;
  readonly definition: string;
  readonly lock: string;
  /** Absolute path → state, of every file and folder below the sources. */
  readonly sources: Readonly<Record<string, string>>;
  /** Where the sources begin. */
  readonly roots: readonly string[];
  /** Names of the store and the digests they must have. */
  readonly references: Readonly<Record<string, string>>;
  /** Names that the store must have, whatever they mean now: of the lists that statements are in, which grow with every scan and test. */
  readonly lists?: readonly string[];
  /** Digests that must be in the store. */
  readonly blobs: readonly string[];
  /** Id of the key that signed; absent where nothing was signed. */
  readonly signedBy?: string;
  /** What the build said, to be said again. */
  readonly report: Report;
};

export type SealPlace = {
  readonly home: string;
  /** Of ingot.yaml. */
  readonly definitionPath: string;
  readonly lockPath: string;
  /** The images asked for; none means all. */
  readonly images: readonly string[];
  /** Id of the key that must have signed; absent where signatures are not asked for. */
  readonly signedBy?: string;
};

/** What the last build of the same images reported, if nothing has changed since; undefined where anything has, or cannot be told. */
export function findSealed<Report>(place: SealPlace): Report | undefined {
  const seal = readSeal<Report>(place);
  if (seal?.compatibility !== compatibility) return undefined;
  // A key that appeared or was rotated since has signed nothing yet.
  if (place.signedBy !== undefined && place.signedBy !== seal.signedBy) return undefined;
  const isSame =
    readText(place.definitionPath) === seal.definition &&
    readText(place.lockPath) === seal.lock &&
    isStored(place.home, seal) &&
    isSameState(seal.sources, readState(seal.roots));
  return isSame ? seal.report : undefined;
}

export type SealInput<Report> = Pick<
  BuildSeal<Report>,
  "references" | "lists" | "blobs" | "report" | "lock" | "signedBy"
> & {
  /** The very text that the build went by, read before it was parsed: a person may write the next one while the build runs. */
  readonly definition: string | undefined;
  /** From `readState`, taken before the build read the files: a change during the build must not be sealed. */
  readonly before: Readonly<Record<string, string>>;
  readonly roots: readonly string[];
  /** Milliseconds since 1970, when `before` was taken. */
  readonly taken: number;
};

/** Keeps the proof for the next build; leaves it away where a source is so young that a later change could carry the same time. */
export function sealBuild<Report>(place: SealPlace, input: SealInput<Report>): void {
  const { before, taken, definition, ...rest } = input;
  const isYoung = Object.values(before).some((state) => Number(state.split(" ")[0]) > taken - youngest);
  if (definition === undefined || isYoung) return;
  const seal: BuildSeal<Report> = { compatibility, definition, sources: before, ...rest };
  writeFileAtomic(sealPath(place), JSON.stringify(seal), { durable: false });
}

/** Milliseconds: the kernel's file times advance in steps of up to ten. */
const youngest = 50;

/** The state of every file and folder below some paths: change time, then modification time, size, inode and mode. */
export function readState(roots: readonly string[]): Readonly<Record<string, string>> {
  const state: Record<string, string> = {};
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    state[path] = `${stat.ctimeMs} ${stat.mtimeMs} ${stat.size} ${stat.ino} ${stat.mode}`;
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const root of roots) visit(root);
  return state;
}

function isSameState(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const paths = Object.keys(a);
  return paths.length === Object.keys(b).length && paths.every((path) => a[path] === b[path]);
}

function isStored(home: string, seal: BuildSeal<unknown>): boolean {
  const store = join(home, "store");
  if (!seal.blobs.every((digest) => existsSync(join(store, "blobs", digest.replace(":", "/"))))) return false;
  const index = readJson<StoreIndex>(join(store, "index.json"));
  const named = new Map(index?.manifests?.map((entry) => [entry.annotations?.[nameAnnotation], entry.digest]));
  if (seal.lists?.every((name) => named.has(name)) === false) return false;
  return Object.entries(seal.references).every(([name, digest]) => named.get(name) === digest);
}

type StoreIndex = {
  readonly manifests?: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[];
};

const nameAnnotation = "org.opencontainers.image.ref.name";

function readSeal<Report>(place: SealPlace): BuildSeal<Report> | undefined {
  return readJson<BuildSeal<Report>>(sealPath(place));
}

/** Undefined for what is not there, and for what a crash cut off or something damaged: the build then looks for itself. */
function readJson<T>(path: string): T | undefined {
  try {
    return (JSON.parse(readText(path) ?? "null") as T | null) ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One a project and set of images; the name need not be secret or short, only a file name. */
function sealPath(place: SealPlace): string {
  const key = [place.definitionPath, ...place.images].join("\n");
  return join(place.home, "cache/seals", `${Buffer.from(key).toString("base64url").slice(-200)}.json`);
}

/** Undefined where there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
