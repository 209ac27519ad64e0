import type { CommandEntry } from "./command.ts";

/** Every command, in the order that help shows them. A command's file is loaded only when it is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    group: "cast images",
    summary: "make a new project with a web service that works as it is",
    load: () => import("./commands/init.ts"),
  },
  {
    name: "lock",
    group: "cast images",
    summary: "resolve every image to exact packages in ingot.lock",
    load: () => import("./commands/lock.ts"),
  },
  {
    name: "build",
    group: "cast images",
    summary: "cast images from the lock, the same bytes everywhere",
    load: () => import("./commands/build.ts"),
  },
  {
    name: "diff",
    group: "cast images",
    summary: "say how two images differ",
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "test",
    group: "prove images",
    summary: "test images in hardened instances, and lint them",
    load: () => import("./commands/test.ts"),
  },
  {
    name: "scan",
    group: "prove images",
    summary: "find known vulnerabilities in an image, and say what to do",
    load: () => import("./commands/scan.ts"),
  },
  {
    name: "feeds",
    group: "prove images",
    summary: "keep the feeds that scans match against",
    load: () => import("./commands/feeds.ts"),
  },
  {
    name: "key",
    group: "prove images",
    summary: "make, list, rotate and import the keys that statements are signed with",
    load: () => import("./commands/key.ts"),
  },
  {
    name: "attest",
    group: "prove images",
    summary: "sign a statement about an image",
    load: () => import("./commands/attest.ts"),
  },
  {
    name: "evidence",
    group: "prove images",
    summary: "show what was said about an image, and by whom",
    load: () => import("./commands/evidence.ts"),
  },
  {
    name: "verify",
    group: "prove images",
    summary: "check an image and what is proven about it, offline",
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "rebuild",
    group: "prove images",
    summary: "build an image again from its own provenance and compare digests",
    load: () => import("./commands/rebuild.ts"),
  },
  {
    name: "images",
    group: "move and keep images",
    summary: "list the images of the store",
    load: () => import("./commands/images.ts"),
  },
  {
    name: "push",
    group: "move and keep images",
    summary: "send an image to a registry",
    load: () => import("./commands/push.ts"),
  },
  {
    name: "pull",
    group: "move and keep images",
    summary: "bring an image of a registry into the store",
    load: () => import("./commands/pull.ts"),
  },
  {
    name: "copy",
    group: "move and keep images",
    summary: "copy an image between the store, OCI layouts and registries",
    load: () => import("./commands/copy.ts"),
  },
  {
    name: "run",
    group: "run instances",
    summary: "start instances of an image, read-only and hardened",
    load: () => import("./commands/run.ts"),
  },
  {
    name: "instances",
    group: "run instances",
    summary: "list the instances of this host",
    load: () => import("./commands/instances.ts"),
  },
  {
    name: "stop",
    group: "run instances",
    summary: "end instances and remove everything of them",
    load: () => import("./commands/stop.ts"),
  },
  {
    name: "gc",
    group: "move and keep images",
    summary: "free what nothing needs; with --check, find what is damaged",
    load: () => import("./commands/gc.ts"),
  },
  {
    name: "serve",
    group: "govern",
    summary: "run the controller: registry, policy, ledger and API",
    load: () => import("./commands/serve.ts"),
  },
  {
    name: "witness",
    group: "govern",
    summary: "vouch from elsewhere that a controller keeps one history",
    load: () => import("./commands/witness.ts"),
  },
  {
    name: "schema",
    group: "help",
    summary: "print the JSON Schema of ingot.yaml",
    load: () => import("./commands/schema.ts"),
  },
];
