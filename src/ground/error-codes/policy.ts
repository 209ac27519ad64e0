import type { Catalogue } from "./catalogue.ts";

/** Of `policy` and of who is asking: decisions, identities, tokens. */
export const policyCodes = {
  "environment-unknown": { exit: 1, means: "No environment has the name that was asked for." },
  "policy-cases-invalid": {
    exit: 1,
    means: "A file of policy cases holds mistakes; all of them are listed with their places.",
  },
  "policy-denied": { exit: 3, means: "The policy does not permit what was asked for." },

  "assertion-invalid": {
    exit: 1,
    means: "What was signed to sign in is not of somebody who is known here, or is past its time.",
  },
  "assertion-replayed": { exit: 1, means: "What was signed to sign in was used before." },
  "controller-mismatch": { exit: 1, means: "What was signed to sign in is for another controller." },
  "enrolment-invalid": { exit: 1, means: "A code of enrolment is wrong, expired or used." },
  "identity-exists": { exit: 1, means: "There is, or was, an identity of that name." },
  "identity-last-admin": { exit: 1, means: "Nobody would be left who can administer the controller." },
  "identity-last-key": { exit: 1, means: "A key is the only one with which its owner can sign in." },
  "identity-unknown": { exit: 1, means: "The controller knows nobody of that name." },
  "issuer-unknown": { exit: 1, means: "An ID token is from an issuer that the controller does not trust." },
  "issuer-unusable": { exit: 1, means: "An OIDC issuer cannot be asked for its keys, or is not the one it should be." },
  "key-registered": { exit: 1, means: "A key is registered already: a key belongs to one principal and has one use." },
  "key-unregistered": { exit: 1, means: "The controller does not know a key, or it is retired already." },
  "not-logged-in": { exit: 1, means: "Nothing says which controller is meant, or how to sign in there." },
  "login-insecure": { exit: 1, means: "A controller's address is neither https nor of this machine." },
  "tls-unusable": { exit: 1, means: "The certificate or key for TLS cannot be used." },
  "token-environment": { exit: 1, means: "A token is for another environment than the one that was asked for." },
  "token-expired": { exit: 1, means: "An access token is past its time." },
  "token-invalid": { exit: 1, means: "An access token is not one that this controller gave, or no longer counts." },
  "token-missing": { exit: 1, means: "What was asked for needs an access token." },
  "too-many-attempts": { exit: 1, means: "A code of enrolment was tried wrongly too often." },
  "policy-invalid": { exit: 1, means: "A policy holds mistakes; all of them are listed with their places." },
} as const satisfies Catalogue;
