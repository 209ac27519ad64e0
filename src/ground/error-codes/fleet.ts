import type { Catalogue } from "./catalogue.ts";

/** Of `fleet`: rollouts, health, traffic. */
export const fleetCodes = {
  "rollout-failed": { exit: 1, means: "A release did not become healthy in time, and its rollout has failed." },
  "rollout-cancelled": { exit: 1, means: "A rollout was ended by a person, or by a newer release that took over." },
  "fleet-not-here": { exit: 1, means: "The controller runs no instances, and was asked about those that it would." },
  "image-quarantined": {
    exit: 3,
    means: "An image failed in a service, and is not started there until a person lifts its quarantine.",
  },
  "rollout-unknown": {
    exit: 1,
    means: "A service has no rollout that could be paused, resumed, promoted or cancelled.",
  },
  "quarantine-unfounded": { exit: 2, means: "A quarantine should be lifted without a reason." },
  "quarantine-unknown": {
    exit: 1,
    means: "An image is not in quarantine for a service, and cannot be lifted out of it.",
  },
  "debug-unfounded": { exit: 2, means: "An instance should be entered without a command or a reason." },
  "secret-missing": { exit: 1, means: "A service names a secret that the controller does not have." },
  "address-taken": {
    exit: 1,
    means: "A service is to listen on an address at which another service, or another program of the host, does.",
  },
  "address-not-here": {
    exit: 1,
    means: "A service is to listen on an address that the controller's host does not have.",
  },
  "proxy-failed": {
    exit: 1,
    means: "HAProxy cannot be what a service's traffic asks for, did not start, or does not answer.",
  },
  "configuration-unusable": { exit: 1, means: "What a release says of how it runs does not fit its image." },
} as const satisfies Catalogue;
