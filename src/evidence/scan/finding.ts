/** How bad, in the words of CVSS; `unknown` where no source rates it. */
export const severities = ["critical", "high", "medium", "low", "negligible", "unknown"] as const;
export type Severity = (typeof severities)[number];

/**
 * What a source says about one vulnerability in one package that is installed. `not-affected` is no finding and is never made into one.
 * - `fixed`: there is a version with the fix, newer than the installed one.
 * - `open`: affected, and no fix yet.
 * - `no-dsa`, `ignored`, `postponed`: affected; Debian fixes it later or not at all, and says so.
 * - `end-of-life`: nobody looks after this package any more.
 */
export type FindingState = "fixed" | "open" | "no-dsa" | "postponed" | "ignored" | "end-of-life";

/** One vulnerability in one source package (or language package) of an image. */
export type Finding = {
  /** `CVE-2024-1234`; another database's id where it has no CVE, or `TEMP-…`. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly package: {
    /** `deb`, or a language's ecosystem. */
    readonly ecosystem: "deb" | "npm" | "pypi" | "golang";
    /** The source package for `deb`. */
    readonly name: string;
    /** The source version for `deb`: matching never goes by a binary version. */
    readonly version: string;
    /** Installed binary packages of that source, `name=version`. */
    readonly binaries: readonly string[];
  };
  readonly state: FindingState;
  /** The first (source) version that has the fix. */
  readonly fixedVersion?: string;
  /** ISO 8601: since when the fix is there, where a source says so. */
  readonly fixedSince?: string;
  readonly severity: Severity;
  readonly title?: string;
  /** Every source that says so, with the very words. */
  readonly evidence: readonly FindingEvidence[];
  /** Day (ISO 8601) on which CISA listed it as exploited. */
  readonly knownExploited?: string;
  /** Probability of exploitation within 30 days, 0 to 1, and its percentile. */
  readonly epss?: { readonly score: number; readonly percentile: number };
  /** The exception that suppresses it; it stays in the report and no longer counts. */
  readonly exception?: Exception;
};

export type FindingEvidence = {
  /** The source's name, as in `ScanSource`. */
  readonly source: string;
  /** A changelog line, an advisory's note, a range: what the finding rests on. */
  readonly text: string;
};

/** From a VEX document: who accepts what, why and until when. */
export type Exception = {
  readonly status: "not_affected" | "fixed" | "under_investigation" | "affected";
  readonly reason: string;
  readonly owner: string;
  /** ISO 8601: a day, or a moment. After it the exception counts no more. Absent only where it suppresses nothing (`affected`, `under_investigation`). */
  readonly expires?: string;
  /** The document's id or file. */
  readonly document: string;
};

/** Where findings come from, each dated: a scan is only as good as what it knew. */
export type ScanSource = {
  /** `security-suite`, `debian-tracker`, `osv`, `kev`, `epss`, or a name that a person gave. */
  readonly name: string;
  readonly kind: "security-suite" | "debian-tracker" | "osv" | "kev" | "epss";
  /** ISO 8601: the date of the data, not of the download. */
  readonly date: string;
  /** SHA-256 of the feed as it came, or of the suite's InRelease. */
  readonly digest: string;
};

export type ScanResult = {
  readonly image: string;
  /** The image's name where it was asked for by name. */
  readonly name?: string;
  /** ISO 8601. */
  readonly scanned: string;
  readonly sources: readonly ScanSource[];
  readonly packages: { readonly deb: number; readonly npm: number; readonly pypi: number; readonly golang: number };
  /** Worst first; suppressed ones last. */
  readonly findings: readonly Finding[];
  /** Why the list of findings is no answer, one sentence each: packages that no source knows, or none that can be read. They are among the notes, too. */
  readonly gaps: readonly string[];
  /** What a person must know to read this rightly: a package that is not of Debian, a feed that is old, exceptions that expired. */
  readonly notes: readonly string[];
};

/** A source of findings: given what is installed, what does it say? The security suite fetches changelogs then; feeds answer from what was read. */
export type Advisories = {
  readonly source: ScanSource;
  /** Whether it knows such packages at all, so that finding nothing means something: a feed about npm says nothing about Debian. */
  readonly covers: (one: Pick<InstalledSource, "ecosystem" | "release">) => boolean;
  /** Findings without exceptions, KEV and EPSS: `scan.ts` merges those in. The same id and package from two sources is merged there too. */
  readonly find: (installed: readonly InstalledSource[]) => Promise<readonly Finding[]>;
  /** What a person must know to read its findings rightly. Asked for after `find`. */
  readonly notes?: () => readonly string[];
};

/** One source package of Debian, or one language package, with everything a source of findings may ask. */
export type InstalledSource = {
  readonly ecosystem: Finding["package"]["ecosystem"];
  readonly name: string;
  readonly version: string;
  readonly binaries: readonly string[];
  /** `bookworm`, for `deb`. */
  readonly release?: string;
};
