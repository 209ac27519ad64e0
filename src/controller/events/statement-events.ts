import type { Role, StatementKind } from "../../evidence/evidence.ts";
import type { ApprovalFacts, ScanFacts } from "../../policy/policy.ts";

export type StatementEvents = {
  /** A statement about an image, whose signature is right, by a key that is registered for its role. */
  readonly "statement.accepted": {
    readonly repository: string;
    /** The image's digest. */
    readonly subject: string;
    /** Digest of the manifest that attaches it. */
    readonly manifest: string;
    readonly kind: StatementKind | "other";
    readonly predicateType: string;
    readonly key: string;
    readonly role: Role;
    /** Who owns the key. */
    readonly principal: string;
    /** Digest of what was signed, the in-toto statement: the same in another envelope is the same statement. */
    readonly payload: string;
    /** When it says that it was made, ISO 8601. */
    readonly made?: string;
    readonly facts: StatementFacts;
    /** Its entry in the signature log, and the manifest of the bundle that carries the entry's proof. */
    readonly logged?: { readonly index: number; readonly manifest: string };
  };
  /** A statement that was kept and does not count. */
  readonly "statement.uncounted": {
    readonly repository: string;
    readonly subject: string;
    readonly manifest: string;
    readonly kind: string;
    readonly reason: string;
  };
};

/** What policies ask of a statement, taken out of it when it came in, so that a decision is a function of the ledger. */
export type StatementFacts =
  | { readonly kind: "scan"; readonly scan: ScanFacts }
  | { readonly kind: "tests"; readonly passed: boolean; readonly finished: number; readonly failed: readonly string[] }
  | {
      readonly kind: "approval";
      readonly environment: string;
      readonly verdict: ApprovalFacts["verdict"];
      readonly expires: number;
      readonly reason: string;
      /** When it was signed. Times are in seconds since 1970. */
      readonly created: number;
      /** Chosen at random by who signed it: an approval is taken once. */
      readonly nonce: string;
      /** Digests of the manifests of the statements that were reviewed. */
      readonly reviewed: readonly string[];
      readonly policyDigest: string;
    }
  /** `commit`: of the source; `authors`: addresses of who wrote it; `bases`: digests of what it was built on. */
  | {
      readonly kind: "provenance";
      readonly commit?: string;
      readonly authors: readonly string[];
      readonly bases: readonly string[];
    }
  /** `revocations`: events of revocations of packages that it lists. */
  | { readonly kind: "sbom"; readonly packages: number; readonly revocations: readonly number[] }
  /** `no`: it says no, and why. */
  | { readonly kind: "none"; readonly no?: string };
