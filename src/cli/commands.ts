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
    name: "schema",
    group: "help",
    summary: "print the JSON Schema of ingot.yaml",
    load: () => import("./commands/schema.ts"),
  },
];
