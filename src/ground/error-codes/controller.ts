import type { Catalogue } from "./catalogue.ts";

/** Of `controller`, `api` and their command line: requests, releases, revocations. */
export const controllerCodes = {
  "disk-read-only": { exit: 1, means: "The disk where a controller writes is read-only." },
  "host-unknown": { exit: 1, means: "A request was sent to a name that is not the controller's." },
  "method-unknown": { exit: 1, means: "A route of the controller does not take that method." },
  "body-too-large": { exit: 1, means: "A request to the controller is larger than it takes." },
  "controller-failed": { exit: 1, means: "The controller answered in a way that this release does not know." },
  "controller-unreachable": { exit: 1, means: "The controller could not be reached, or broke off." },
  "listen-failed": { exit: 1, means: "A server cannot listen on the address that it was given." },
  "request-malformed": { exit: 2, means: "A request to the controller is not of the form that its route takes." },
  "route-unknown": { exit: 1, means: "The controller has no such route." },
  "settings-malformed": { exit: 2, means: "The controller's settings cannot be understood." },
  "tls-required": { exit: 2, means: "Without TLS the controller may listen on loopback only." },
  "approval-refused": { exit: 3, means: "An approval or rejection was not taken: it does not count here." },
  "break-glass-malformed": {
    exit: 2,
    means: "A policy should be gone around without a reason, or for longer than a day.",
  },
  "image-not-pushed": { exit: 1, means: "The controller's registry has no image of that name or digest." },
  "release-unknown": { exit: 1, means: "A service has no such release in an environment." },
  "proof-malformed": { exit: 4, means: "A proof that an entry is in a log is not of the form that C2SP writes." },
  "receipt-wrong": { exit: 4, means: "A receipt does not prove that its event is in the log." },
  "revocation-unfounded": { exit: 2, means: "Something should be revoked without a reason." },
  "service-unknown": { exit: 1, means: "The definition has no service of that name." },
  "scan-broken": { exit: 1, means: "The process that scans what runs ended without an answer, or took too long." },
  "scanner-key-ended": {
    exit: 1,
    means: "The key by which the controller signs its own scans was retired or revoked, and signs nothing more.",
  },
  "rollback-refused": {
    exit: 1,
    means: "There is no release to go back to, or the one that was asked for is no way back.",
  },
} as const satisfies Catalogue;
