import type * as z from "zod";
import { modePattern, ownerPattern } from "./scalars.ts";
import { argumentList, duration, flag, mapping, port, text, whole } from "./schema-parts.ts";

/** The kinds of tests, and the keys that each may have beside its own. Where two fit (`process` with `user`), the first one is meant. */
export const testKinds = {
  run: ["exit", "contains"],
  get: ["status", "contains"],
  file: ["mode", "owner", "contains", "absent"],
  port: [],
  process: ["user"],
  user: ["shell"],
} as const satisfies Record<string, readonly string[]>;

export type TestKind = keyof typeof testKinds;

const shape = {
  name: text("a name").describe("What holds, as a sentence; it appears in the results."),
  timeout: duration.optional().describe("A test that takes longer has failed; 10s by default."),
  run: argumentList.optional().describe("Runs a program in an instance; it must end with `exit`."),
  exit: whole("an exit code from 0 to 255", { min: 0, max: 255 })
    .optional()
    .describe("The exit code of `run`; 0 by default."),
  get: text("a path that starts with /", /^\/[^\0\s]*$/)
    .optional()
    .describe("Asks the instance's port for this path by HTTP."),
  status: whole("an HTTP status from 100 to 599", { min: 100, max: 599 })
    .optional()
    .describe("The status of `get`; 200 by default."),
  contains: text("a text").optional().describe("What the output, the page or the file must contain."),
  file: text("an absolute path", /^\/[^\0]*$/)
    .optional()
    .describe("Looks at a file of the image."),
  mode: text('permission bits in quotes, such as "0644"', modePattern)
    .optional()
    .describe("The permission bits of `file`, as a quoted octal text."),
  owner: text("an account's name or number", ownerPattern).optional().describe("The owner of `file`."),
  absent: flag().optional().describe("With true, `file` must not exist."),
  port: port.optional().describe("This TCP port must be listened on."),
  process: text("a program's name")
    .optional()
    .describe("A process of this name must run, as `user` where that is given."),
  user: text("an account", ownerPattern)
    .optional()
    .describe("This account must exist; with `process`, the account that it runs as."),
  shell: text("an absolute path", /^\/[^\0]*$/)
    .optional()
    .describe("The login shell of `user`."),
};

/** For the JSON Schema: exactly one kind, and of the other keys only those that belong to it. */
const oneKind = Object.entries(testKinds).map(([kind, extra]) => {
  const allowed = new Set<string>(["name", "timeout", kind, ...extra]);
  const refused = Object.keys(shape).filter((key) => !allowed.has(key));
  return { required: [kind], properties: Object.fromEntries(refused.map((key) => [key, false])) };
});

/** One mapping for all kinds: `meaning/tests.ts` says which keys go together, better than a union of six mappings could. */
export const testSchema = mapping("a mapping with name and one of run, get, file, port, process, user", shape).meta({
  oneOf: oneKind,
});

export type WrittenTest = z.output<typeof testSchema>;
