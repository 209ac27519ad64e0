/** One binary package of an index: a stanza of `Packages`, or of a dpkg status. Field meanings: deb-control(5). */
export type Package = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly essential: boolean;
  /** `Protected: yes` or `Important: yes`; among equal providers it is preferred. */
  readonly important?: boolean;
  readonly priority: string;
  readonly section: string;
  readonly multiArch: "no" | "same" | "foreign" | "allowed";
  readonly preDepends: readonly Dependency[];
  readonly depends: readonly Dependency[];
  readonly recommends: readonly Dependency[];
  readonly conflicts: readonly Relation[];
  readonly breaks: readonly Relation[];
  readonly replaces: readonly Relation[];
  readonly provides: readonly Provision[];
  /** Path below the archive's root; "" for an installed package. */
  readonly filename: string;
  /** Bytes of the archive file. */
  readonly size: number;
  /** Hex; "" for an installed package. */
  readonly sha256: string;
  /** Index into the list of suites that the index was made of. */
  readonly suite: number;
};

/** `a (>= 1) | b`: satisfied by any of its alternatives, the left-most preferred. */
export type Dependency = readonly Relation[];

export type VersionOperator = "<<" | "<=" | "=" | ">=" | ">>";

export type Relation = {
  readonly name: string;
  /** `:any`, `:native` or an architecture written behind the name. */
  readonly qualifier?: string;
  readonly operator?: VersionOperator;
  readonly version?: string;
};

/** A name that a package provides; only one with a version satisfies a versioned dependency. */
export type Provision = { readonly name: string; readonly version?: string };
