import type { Digest } from "../oci/digest.ts";

/** Who says it. One key a role: whoever holds the tester's key cannot say that the builder built something. */
export const roles = ["builder", "scanner", "tester", "approver", "rebuilder"] as const;
export type Role = (typeof roles)[number];

/**
 * The kinds of statements that Ingot knows, by the words of its command line, with their predicate types and the role whose word counts. The types are the
 * ecosystem's own, so that its tools read them.
 */
export const statementKinds = {
  signature: { predicateType: "https://sigstore.dev/cosign/sign/v1", role: "builder" },
  provenance: { predicateType: "https://slsa.dev/provenance/v1", role: "builder" },
  cyclonedx: { predicateType: "https://cyclonedx.org/bom", role: "builder" },
  spdx: { predicateType: "https://spdx.dev/Document", role: "builder" },
  scan: { predicateType: "https://cosign.sigstore.dev/attestation/vuln/v1", role: "scanner" },
  vex: { predicateType: "https://openvex.dev/ns", role: "scanner" },
  tests: { predicateType: "https://in-toto.io/attestation/test-result/v0.1", role: "tester" },
  rebuild: { predicateType: "https://ingot.dev/attestation/rebuild/v1", role: "rebuilder" },
  verdict: { predicateType: "https://slsa.dev/verification_summary/v1", role: "approver" },
  approval: { predicateType: "https://ingot.dev/attestation/approval/v1", role: "approver" },
} as const satisfies Record<string, { readonly predicateType: string; readonly role: Role }>;

export type StatementKind = keyof typeof statementKinds;

/** in-toto Statement about one image. cosign still writes v0.1 for `cosign attest`, which says the same. */
export type Statement = {
  readonly _type: "https://in-toto.io/Statement/v1" | "https://in-toto.io/Statement/v0.1";
  readonly subject: readonly { readonly name?: string; readonly digest: Readonly<Record<string, string>> }[];
  readonly predicateType: string;
  readonly predicate?: unknown;
};

/** A public key whose word counts for a role. `id`: hex SHA-256 of the key's SPKI DER, all 64 digits; people are shown the first 12. */
export type TrustedKey = {
  readonly id: string;
  readonly role: Role;
  /** SPKI in PEM. */
  readonly pem: string;
  /** Where it was read: for people. */
  readonly from: string;
};

/** What became of one attached bundle. Only what is `checked` was parsed, and only it may be believed. */
export type EvidenceItem = {
  /** Of the referrer manifest. */
  readonly manifest: Digest;
  /** As the annotation claims, "" where it claims nothing; the statement's own where the signature was checked. */
  readonly predicateType: string;
  readonly kind: StatementKind | "other";
  /** Its bundle carries an entry of a signature log. Nothing here checks it: that takes the log's key, as `cosign verify --trusted-root` has it. */
  readonly hasLogEntry?: true;
} & (
  | {
      /** The signature is right, by a key that is trusted for the role that may make such statements. */
      readonly status: "checked";
      readonly statement: Statement;
      readonly key: TrustedKey;
    }
  | {
      /** Well-formed, but no trusted key (of the right role) made the signature. What it claims is not passed on: nobody shall use it by mistake. */
      readonly status: "untrusted";
      readonly reason: string;
    }
  | {
      /** Altered, cut off, about another digest, or of a form that verifiers disagree on. */
      readonly status: "refused";
      readonly reason: string;
    }
);
