import { IngotError } from "../../ground/error.ts";
import { parseSingleControl, type Stanza } from "./control.ts";
import { allowedClockSkew } from "./signature.ts";

/** What a suite's signed Release says (DebianRepository/Format on wiki.debian.org). */
export type Release = {
  readonly date: Date;
  /** Absent where the archive sets none, as Debian's stable does. */
  readonly validUntil?: Date;
  /** Indexes also lie at `by-hash/SHA256/HASH`. */
  readonly byHash: boolean;
  /** By path below the suite's folder: `main/binary-amd64/Packages.xz`. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
};

/** `sha256` in hex, `size` in bytes. */
export type ReleaseFile = { readonly sha256: string; readonly size: number };

export type ReleaseRequest = {
  readonly suite: string;
  readonly components: readonly string[];
  readonly architecture: string;
  readonly now: Date;
  /** Whether Valid-Until counts: yes when locking, no when a lock is replayed. */
  readonly enforceValidUntil: boolean;
  /** Names the file in messages. */
  readonly where: string;
};

/**
 * Parses the signed text of an InRelease and checks that it is what was asked for. Throws `archive-suite-mismatch`,
 * `archive-from-future`, `archive-expired`, `archive-incomplete`, or `control-malformed`.
 */
export function parseRelease(text: string, request: ReleaseRequest): Release {
  const { where } = request;
  const stanza = parseSingleControl(text, { where });
  checkNames(stanza, request);
  const date = readDate(stanza.require("Date", where), where);
  const validUntil = stanza.get("Valid-Until");
  const release = {
    date,
    ...(validUntil === undefined ? {} : { validUntil: readDate(validUntil, where) }),
    byHash: stanza.get("Acquire-By-Hash")?.toLowerCase() === "yes",
    files: readFiles(stanza, where),
  };
  checkDates(release, request);
  return release;
}

function checkNames(stanza: Stanza, request: ReleaseRequest): void {
  const { suite, components, architecture, where } = request;
  const names = [stanza.get("Codename"), stanza.get("Suite")].filter((name) => name !== undefined);
  // R1. The suite is the one asked for. Attack: a mirror answers with another, older but genuinely signed suite.
  if (!names.includes(suite)) {
    throw new IngotError(
      "archive-suite-mismatch",
      `${where} is the list of ${names.join(" or ") || "no named suite"}, not of ${suite}`,
      {
        hint: "check the mirror's URL and the name behind debian: in base",
      },
    );
  }
  // R2. It has what was asked for. An index that is silently missing would make packages look as if they did not exist.
  requireWord(stanza, "Architectures", { word: architecture, where });
  for (const component of components) requireWord(stanza, "Components", { word: component, where });
}

function requireWord(stanza: Stanza, field: string, { word, where }: { word: string; where: string }): void {
  const words = stanza.require(field, where).split(/\s+/);
  // Security archives before Debian 11 write `updates/main` for `main`.
  if (words.includes(word) || words.includes(`updates/${word}`)) return;
  throw new IngotError("archive-incomplete", `${where} has no ${word} among its ${field}: ${words.join(" ")}`);
}

function checkDates(release: Omit<Release, "files">, request: ReleaseRequest): void {
  const { now, where } = request;
  // R3. Not from the future. Attack: a list kept back and dated ahead, so that every later genuine one looks like a
  // step back.
  if (release.date.getTime() > now.getTime() + allowedClockSkew) {
    throw new IngotError(
      "archive-from-future",
      `${where} is dated ${release.date.toISOString()}, and it is ${now.toISOString()}`,
      {
        hint: "check this host's clock",
      },
    );
  }
  // R4. Not expired. Attack: a mirror frozen at a moment before a fix. Replaying a lock asks for old packages on
  // purpose.
  if (request.enforceValidUntil && release.validUntil && release.validUntil < now) {
    throw new IngotError(
      "archive-expired",
      `${where} was valid until ${release.validUntil.toISOString()}, and it is ${now.toISOString()}`,
      {
        hint: "the mirror is no longer updated: use another one; for a snapshot of the past set INGOT_ALLOW_EXPIRED_ARCHIVE=1",
      },
    );
  }
}

function readDate(value: string, where: string): Date {
  const date = new Date(value);
  if (Number.isNaN(date.getTime()))
    throw new IngotError("control-malformed", `${where}: ${JSON.stringify(value)} is no date`);
  return date;
}

/**
 * R5. SHA-256 sums are there. Attack: an archive that lists only MD5 or SHA-1, under which other content can be
 * slipped in.
 */
function readFiles(stanza: Stanza, where: string): ReadonlyMap<string, ReleaseFile> {
  const list = stanza.get("SHA256");
  if (!list) throw new IngotError("archive-incomplete", `${where} has no SHA256 sums`);
  const lines = list.split("\n").filter((line) => line.trim() !== "");
  return new Map(lines.map((line) => readFile(line, where)));
}

function readFile(line: string, where: string): [string, ReleaseFile] {
  const found = /^\s+(?<sha256>[0-9a-f]{64})\s+(?<size>\d{1,15})\s+(?<path>\S+)$/.exec(line)?.groups;
  if (!found)
    throw new IngotError(
      "control-malformed",
      `${where}: not a line of SHA256 sums: ${JSON.stringify(line.slice(0, 120))}`,
    );
  return [found.path ?? "", { sha256: found.sha256 ?? "", size: Number(found.size) }];
}
