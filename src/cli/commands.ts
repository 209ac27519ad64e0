import type { CommandEntry } from "./command.ts";

/** Every command, in the order that help shows them. A command's file is loaded only when it is called. */
export const commands: readonly CommandEntry[] = [
  ...inGroup("cast images", [
    {
      name: "init",
      summary: "make a new project with a web service that works as it is",
      load: () => import("./commands/init.ts"),
    },
    {
      name: "lock",
      summary: "resolve every image to exact packages in ingot.lock",
      load: () => import("./commands/lock.ts"),
    },
    {
      name: "build",
      summary: "cast images from the lock, the same bytes everywhere",
      load: () => import("./commands/build.ts"),
    },
    { name: "diff", summary: "say how two images differ", load: () => import("./commands/diff.ts") },
  ]),
  ...inGroup("prove images", [
    {
      name: "test",
      summary: "test images in hardened instances, and lint them",
      load: () => import("./commands/test.ts"),
    },
    {
      name: "scan",
      summary: "find known vulnerabilities in an image, and say what to do",
      load: () => import("./commands/scan.ts"),
    },
    { name: "feeds", summary: "keep the feeds that scans match against", load: () => import("./commands/feeds.ts") },
    {
      name: "key",
      summary: "make, list, rotate and import the keys that statements are signed with",
      load: () => import("./commands/key.ts"),
    },
    { name: "attest", summary: "sign a statement about an image", load: () => import("./commands/attest.ts") },
    {
      name: "evidence",
      summary: "show what was said about an image, and by whom",
      load: () => import("./commands/evidence.ts"),
    },
    {
      name: "verify",
      summary: "check an image and what is proven about it, offline",
      load: () => import("./commands/verify.ts"),
    },
    {
      name: "rebuild",
      summary: "build an image again from its own provenance and compare digests",
      load: () => import("./commands/rebuild.ts"),
    },
  ]),
  ...inGroup("move and keep images", [
    { name: "images", summary: "list the images of the store", load: () => import("./commands/images.ts") },
    { name: "push", summary: "send an image to a registry", load: () => import("./commands/push.ts") },
    { name: "pull", summary: "bring an image of a registry into the store", load: () => import("./commands/pull.ts") },
    {
      name: "copy",
      summary: "copy an image between the store, OCI layouts and registries",
      load: () => import("./commands/copy.ts"),
    },
    {
      name: "gc",
      summary: "free what nothing needs; with --check, find what is damaged",
      load: () => import("./commands/gc.ts"),
    },
  ]),
  ...inGroup("run instances", [
    {
      name: "run",
      summary: "start instances of an image, read-only and hardened",
      load: () => import("./commands/run.ts"),
    },
    { name: "instances", summary: "list the instances of this host", load: () => import("./commands/instances.ts") },
    { name: "logs", summary: "show what an instance printed", load: () => import("./commands/logs.ts") },
    { name: "stop", summary: "end instances and remove everything of them", load: () => import("./commands/stop.ts") },
  ]),
  ...inGroup("govern", [
    {
      name: "serve",
      summary: "run the controller: registry, policy, ledger and API",
      load: () => import("./commands/serve.ts"),
    },
    {
      name: "login",
      summary: "sign in at a controller, the first time with a one-time code",
      load: () => import("./commands/login.ts"),
    },
    {
      name: "identity",
      summary: "say who the controller knows, by which keys, and what they may do",
      load: () => import("./commands/identity.ts"),
    },
    {
      name: "policy",
      summary: "put policies in force, and say what they decide and why",
      load: () => import("./commands/policy.ts"),
    },
    {
      name: "approve",
      summary: "approve or reject an image for an environment, signed by your own key",
      load: () => import("./commands/approve.ts"),
    },
    {
      name: "deploy",
      summary: "make an image the current release of a service, if policy permits it",
      load: () => import("./commands/deploy.ts"),
    },
    {
      name: "promote",
      summary: "take a release from one environment to another",
      load: () => import("./commands/promote.ts"),
    },
    {
      name: "rollback",
      summary: "go back to an earlier release of a service",
      load: () => import("./commands/rollback.ts"),
    },
    {
      name: "status",
      summary: "show what runs where, and whether it would be permitted now",
      load: () => import("./commands/status.ts"),
    },
    {
      name: "rollout",
      summary: "pause, resume, promote or cancel a rollout; list those of a service",
      load: () => import("./commands/rollout.ts"),
    },
    {
      name: "quarantine",
      summary: "list images that failed in a service, and let them in again",
      load: () => import("./commands/quarantine.ts"),
    },
    {
      name: "replace",
      summary: "replace the instances of a service by new ones of the same release",
      load: () => import("./commands/replace.ts"),
    },
    {
      name: "exec",
      summary: "run a program in an instance, which is replaced afterwards",
      load: () => import("./commands/exec.ts"),
    },
    {
      name: "drift",
      summary: "show what instances did that their image does not explain",
      load: () => import("./commands/drift.ts"),
    },
    { name: "history", summary: "tell what happened, by whom and why", load: () => import("./commands/history.ts") },
    {
      name: "revoke",
      summary: "revoke an image, a package version or a key, with all that it reaches",
      load: () => import("./commands/revoke.ts"),
    },
    {
      name: "audit",
      summary: "verify the logs, prove an event to others, export a release",
      load: () => import("./commands/audit.ts"),
    },
    {
      name: "witness",
      summary: "vouch from elsewhere that a controller keeps one history",
      load: () => import("./commands/witness.ts"),
    },
  ]),
  ...inGroup("help", [
    { name: "schema", summary: "print the JSON Schema of ingot.yaml", load: () => import("./commands/schema.ts") },
  ]),
];

function inGroup(
  group: CommandEntry["group"],
  entries: readonly Omit<CommandEntry, "group">[],
): readonly CommandEntry[] {
  return entries.map((entry) => ({ ...entry, group }));
}
