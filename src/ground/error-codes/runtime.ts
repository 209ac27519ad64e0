import type { Catalogue } from "./catalogue.ts";

/** Of `runtime`: content, instances, networks. */
export const runtimeCodes = {
  "content-damaged": {
    exit: 4,
    means: "The kept file of an image's content no longer has the checksum it was written with.",
  },
  "content-not-mountable": { exit: 1, means: "The host's kernel cannot mount an image's content for an instance." },
  "file-not-mountable": {
    exit: 1,
    means:
      "A file or secret of a release's configuration has no place in the instance: nothing can be mounted at its path.",
  },
  "image-not-runnable": {
    exit: 1,
    means: "An image's configuration lacks what an instance needs, such as a command or a known user.",
  },
  "instance-not-frozen": {
    exit: 1,
    means: "A process of an instance did not stop running in time; the instance goes on.",
  },
  "instance-not-hardened": {
    exit: 4,
    means: "A setting that an instance must have was not in force; the instance was destroyed.",
  },
  "instance-not-running": {
    exit: 1,
    means: "An instance has ended or is frozen, and what was asked for needs one that runs.",
  },
  "instance-start-failed": { exit: 1, means: "An instance could not be started; nothing of it is left." },
  "instance-stop-failed": {
    exit: 1,
    means: "Something of an instance could not be removed; the same command can be repeated.",
  },
  "instance-unknown": { exit: 1, means: "No instance has the id that was asked for." },
  "layer-invalid": { exit: 1, means: "An image holds a file that the content of an instance cannot have." },
  "network-failed": { exit: 1, means: "A CNI plugin could not make or remove an instance's network." },
  "network-no-address": { exit: 1, means: "Every address of the instances' network is in use on this host." },
  "network-no-subnet": { exit: 1, means: "Every network that Ingot would use for instances is in use on this host." },
  "runtime-helper-ended": {
    exit: 1,
    means: "The process that runs instances for the controller ended before it answered; it is started again.",
  },
  "runtime-unreachable": { exit: 1, means: "The engine that runs instances does not answer on its socket." },
  "runtime-unsupported": { exit: 1, means: "This host or this user cannot run instances." },
} as const satisfies Catalogue;
