import { roles } from "../../evidence/evidence.ts";
import type { PrincipalKind, PrincipalRole } from "../../policy/policy.ts";

/** What a key is for: to sign in, or to make statements of a role. */
export const keyUses = ["identity", ...roles] as const;
export type KeyUse = (typeof keyUses)[number];

/** `id`: hex SHA-256 of the SPKI DER; `pem`: SPKI. ECDSA P-256. */
export type RegisteredKey = { readonly id: string; readonly pem: string; readonly use: KeyUse };

export type IdentityEvents = {
  /** A principal is known from now on, or known otherwise than before: everything but its keys is replaced. */
  readonly "identity.added": {
    readonly principal: string;
    readonly kind: PrincipalKind;
    readonly groups: readonly string[];
    readonly roles: readonly PrincipalRole[];
    /** Addresses by which commits of this person are known. */
    readonly emails: readonly string[];
    /** Of an instance, or a host that pulls for one environment alone. */
    readonly environment?: string;
  };
  /** It may not sign in any more; what its keys signed before still counts until the keys are revoked. */
  readonly "identity.removed": { readonly principal: string; readonly reason: string };
  readonly "key.registered": { readonly principal: string; readonly key: RegisteredKey };
  /** Signs nothing new, but what it signed counts: it was replaced. */
  readonly "key.retired": { readonly principal: string; readonly id: string; readonly use: KeyUse };
  /**
   * A one-time code with which somebody registers the keys of a principal. `id`: the first digits of the code, by which wrong tries are counted; `hash`: hex SHA-256 of the
   * whole code, which itself is nowhere. Times in seconds since 1970.
   */
  readonly "enrolment.opened": {
    readonly principal: string;
    readonly id: string;
    readonly hash: string;
    readonly expires: number;
    /** Of the first admin, who chooses a name when it is used. It takes the place of one that was opened before. */
    readonly first?: true;
  };
  readonly "enrolment.used": { readonly principal: string; readonly hash: string };
  readonly "token.issued": {
    readonly principal: string;
    /** Hex SHA-256 of the token's `jti`. */
    readonly id: string;
    readonly environment?: string;
    readonly expires: number;
    readonly by: TokenGround;
  };
};

/** What a token was given for. `assertion`: hex SHA-256 of what is taken once; `assertionExpires`: from then on it is refused for its age, and need not be remembered. */
export type TokenGround =
  | { readonly kind: "key"; readonly key: string; readonly assertion: string; readonly assertionExpires: number }
  | {
      readonly kind: "issuer";
      readonly issuer: string;
      readonly assertion: string;
      readonly assertionExpires: number;
      /** What the claims gave, by the rules for the issuer. */
      readonly groups: readonly string[];
      readonly roles: readonly PrincipalRole[];
    }
  | { readonly kind: "token"; readonly parent: string }
  /** The controller's own: by it the container engine of its machine pulls images for one environment. It has the role of a host, and no other. */
  | { readonly kind: "controller" };
