import type { StatementKind } from "../evidence/evidence.ts";

/** Somebody or something that acts. */
export type PrincipalKind = "user" | "workload" | "instance";

export type Principal = {
  readonly kind: PrincipalKind;
  /** Unique among its kind; a person's or CI workload's name, an instance's id. */
  readonly name: string;
  /** `platform`, `security`: from the registration or from an OIDC issuer's claim. */
  readonly groups: readonly string[];
  readonly roles: readonly PrincipalRole[];
  /** The one environment that its token is for; absent: none in particular. A pull for an environment is decided by that environment's policy. */
  readonly environment?: string;
};

/** What somebody may do, by the shipped `roles.cedar`. */
export const principalRoles = ["admin", "approver", "deployer", "developer", "builder", "auditor", "host"] as const;
export type PrincipalRole = (typeof principalRoles)[number];

export const actions = [
  "push",
  "pull",
  "approve",
  "deploy",
  "rollback",
  "promote",
  "revoke",
  "replace",
  "debug",
  "administer",
  "audit",
] as const;
export type Action = (typeof actions)[number];

/**
 * What is verified about one image: every member rests on statements whose signature was checked with a key that counts for its role, and on events of the ledger. Times are
 * seconds since 1970.
 */
export type ImageFacts = {
  readonly digest: string;
  /** Repositories of the registry that have it. */
  readonly repositories: readonly string[];
  /** Kinds of statements that count, each with the principals whose keys made them (`workload:ci`). */
  readonly statements: readonly { readonly kind: StatementKind; readonly by: readonly string[] }[];
  /** Who made it: who owns the builder's key, who pushed it, and who is named as the commit's author where that is a registered address. */
  readonly authors: readonly string[];
  /** Addresses that the commit names and nobody is registered with, for explanations: whoever wrote under one could approve. Absent: none. */
  readonly strangers?: readonly string[];
  /** The newest scan that counts. */
  readonly scan?: ScanFacts;
  /** The newest result of the tests; `failed` names what failed. */
  readonly tests?: { readonly passed: boolean; readonly finished: number; readonly failed: readonly string[] };
  /** Standing approvals and rejections, for any environment; the newest of each person and environment. */
  readonly approvals: readonly ApprovalFacts[];
  /** Revocations that reach it: of itself, of what it is built on, of a package in it, of a key. Empty: not revoked. */
  readonly revocations: readonly { readonly event: number; readonly what: string; readonly reason: string }[];
  /** Kinds of statements that are there and do not count, with the reason: for explanations. */
  readonly uncounted: readonly { readonly kind: string; readonly reason: string }[];
  /**
   * Environments in which a release of it stands: it was permitted there once. There the shipped policy lets it be pulled, and rolled back to, when meanwhile its scan has grown
   * old, an approval has expired or a fix is past its grace. Absent: none, so that a pull and a rollback need everything.
   */
  readonly releases?: readonly string[];
};

export type ScanFacts = {
  readonly finished: number;
  /** Ids of findings that are known to be exploited and not excepted. */
  readonly exploited: readonly string[];
  /** Fixable findings of high or critical severity (or rated by nobody), not excepted, with the time since which the fix is there; 0 where no source says it. */
  readonly fixable: readonly {
    readonly id: string;
    readonly severity: "critical" | "high" | "unknown";
    readonly since: number;
  }[];
  /** Packages that nothing can be said about. */
  readonly gaps: number;
};

export type ApprovalFacts = {
  readonly by: string;
  readonly environment: string;
  readonly verdict: "approve" | "reject";
  readonly expires: number;
  /** Of a rejection, where one was given: for explanations. */
  readonly reason?: string;
};

export type EnvironmentFacts = {
  readonly name: string;
  /** How many people must approve. */
  readonly approvals: number;
};

/** Something that somebody wants to do. `now`: seconds since 1970. */
export type Request = {
  readonly principal: Principal;
  readonly action: Action;
  readonly now: number;
  /** What it is about: an image, a service in an environment, an environment, or the controller itself. */
  readonly resource:
    | { readonly kind: "image"; readonly repository: string }
    | { readonly kind: "service"; readonly name: string; readonly environment: string }
    | { readonly kind: "environment"; readonly name: string }
    | { readonly kind: "controller" };
  /** Where an environment decides: a pull with a token for it, approve, deploy, promote, rollback, replace. */
  readonly environment?: EnvironmentFacts;
  /** The image that it is about, where there is one. */
  readonly image?: ImageFacts;
  /** The repository by which it is meant, of several that have it: for explanations. */
  readonly repository?: string;
  /** A reason that somebody gave for going around an environment's policy. Roles and revocations still hold. */
  readonly breakGlass?: string;
};

/** Something that a permit would need. */
export type MissingFact = {
  /** The policy's `@id`. */
  readonly policy: string;
  /** One sentence with the values: `2 approvals are needed, there is 1 (user:alice)`. */
  readonly missing: string;
  /** The command that supplies it; absent where nothing can. */
  readonly supply?: string;
};

export type Decision = {
  readonly permit: boolean;
  /** `@id`s of the policies that made it: the permits, or the forbids. Empty for a denial since nothing permits. */
  readonly policies: readonly string[];
  /** Everything that stands against it, not just the first. Empty for a permit. */
  readonly missing: readonly MissingFact[];
  /** Of the policy set that decided: sha256 of its texts. */
  readonly policyDigest: string;
  /** The moment from which on the same request may be decided otherwise although nothing happens (a scan grows old, an approval expires); absent: none. Seconds. */
  readonly until?: number;
  /** What a broken glass went around, each with what is missing; `policies` then ends with `break-glass`. Absent: nothing. */
  readonly lifted?: readonly MissingFact[];
};

/** One policy text. `scope`: `everywhere` holds in every environment, and when the glass is broken: only the shipped roles do. By default an environment's. */
export type PolicyFile = {
  readonly name: string;
  readonly text: string;
  readonly scope?: "everywhere" | "environment";
};

/** The policies in force for one decision: the roles', and the environment's where one decides. */
export type PolicySet = { readonly digest: string; readonly files: readonly PolicyFile[] };

/** Parses policies once and decides by them (`openPolicyEngine`). */
export type PolicyEngine = {
  /** The shipped roles, and the files of an environment with them; an environment without files has the shipped `environment.cedar`. Throws `policy-invalid`. */
  readonly forEnvironment: (files: readonly PolicyFile[]) => PolicySet;
  /** The shipped roles alone, for what no environment decides. */
  readonly rolesOnly: () => PolicySet;
  readonly decide: (set: PolicySet, request: Request) => Decision;
};
