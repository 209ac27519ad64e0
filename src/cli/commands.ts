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
    name: "schema",
    group: "help",
    summary: "print the JSON Schema of ingot.yaml",
    load: () => import("./commands/schema.ts"),
  },
];
