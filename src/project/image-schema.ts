import * as z from "zod";
import { lintNames } from "./lint-names.ts";
import { accountPattern, modePattern, ownerPattern, packagePattern, plainPattern } from "./scalars.ts";
import { argumentList, flag, list, mapping, named, port, size, text, word } from "./schema-parts.ts";
import { testSchema } from "./test-schema.ts";

const absolutePath = "an absolute path";
const accountText = "an account such as www-data, 33 or 33:33";
const absolutePattern = /^\/[^\0]*$/;
const modeText = text('permission bits in quotes, such as "0644"', modePattern);
const ownerText = z.union([text("an account's name or number", ownerPattern), z.int().min(0)], {
  error: "an account's name or number",
});

const fileMapping = mapping("a path or a mapping with source or content", {
  source: text("a path inside the project's folder")
    .optional()
    .describe("A file or folder of the project that is copied to this path."),
  content: z.string({ error: "a text" }).optional().describe("The file's content itself, instead of a source."),
  mode: modeText
    .optional()
    .describe('Permission bits of files, as a quoted octal text; "0644" by default, "0755" for executable sources.'),
  owner: ownerText.optional().describe("The owner: a name in the image or a number; root by default."),
  group: ownerText.optional().describe("The group: a name in the image or a number; root by default."),
}).meta({ oneOf: [{ required: ["source"] }, { required: ["content"] }] });

const fileSchema = z.union([text("a path"), fileMapping], { error: "a path, or a mapping with source or content" });

const lintSchema = mapping("a mapping with reason", {
  reason: text("a reason").describe("Why what the lint finds is as it should be; it appears in the results."),
  paths: list("a list of paths", text(absolutePath, absolutePattern))
    .min(1, { error: "at least one path" })
    .optional()
    .describe("Where the exception holds: absolute paths, * for any part of a name. Without paths the lint is off."),
});

export const imageSchema = mapping("a mapping that describes an image", {
  base: text("debian:SUITE, image:NAME or oci:REGISTRY/NAME:TAG", /^(?:debian|image|oci):[^\0\s]+$/).describe(
    "What the image stands on: debian:SUITE (from signed packages), image:NAME (another image of this file) or oci:REFERENCE.",
  ),
  packages: list("a list of package names", text("a Debian package name", packagePattern))
    .default([])
    .describe("Debian packages to install, with what they depend on. Versions are pinned by ingot.lock."),
  recommends: flag().default(false).describe("Whether the packages that are recommended by others come along."),
  files: named("a mapping of target paths to sources", text(absolutePath, absolutePattern), fileSchema)
    .default({})
    .describe("Files and folders to copy: absolute path in the image to path in the project; later ones win."),
  run: list("a list of shell commands", text("a shell command"))
    .default([])
    .describe("Commands at build time, after files, in a sandbox without network."),
  user: z
    .union([text(accountText, accountPattern), z.int().min(0)], { error: accountText })
    .optional()
    .describe("The account that an instance runs as."),
  command: argumentList.default([]).describe("The program that an instance runs, and its arguments."),
  environment: named(
    "a mapping of environment variables",
    text("a variable's name", /^[A-Za-z_][A-Za-z0-9_]*$/),
    z.string({ error: "a text (numbers in quotes)" }).regex(/^[^\0]*$/, { error: "a text without NUL" }),
  )
    .default({})
    .describe("Environment variables of an instance. Not for secrets: everyone who has the image reads them."),
  workdir: text(absolutePath, absolutePattern).optional().describe("The folder that the command starts in."),
  port: port.optional().describe("The TCP port that the command listens on."),
  writable: named("a mapping of paths to sizes", text(absolutePath, absolutePattern), size)
    .default({})
    .describe("The only writable places of an instance: a tmpfs of that size, where nothing can be executed."),
  labels: named(
    "a mapping of labels",
    text("a label's name", plainPattern),
    z.string({ error: "a text (numbers in quotes)" }),
  )
    .default({})
    .describe("Annotations of the image, added to the ones that Ingot sets."),
  compression: word(["gzip", "zstd"])
    .default("gzip")
    .describe("How layers are compressed: gzip, which every engine reads, or zstd, which is faster."),
  tests: list("a list of tests", testSchema).default([]).describe("What must hold before the image is released."),
  without: list("a list of shell and package-manager", word(["shell", "package-manager"]))
    .default([])
    .describe("What the image must not have; the lints shell and package-manager hold it to that."),
  lints: z
    .partialRecord(z.enum(lintNames, { error: `one of the lints ${lintNames.join(", ")}` }), lintSchema, {
      error: "a mapping of lints to their exceptions",
    })
    .default({})
    .describe("Lints that are switched off, or off for some paths, each with a reason."),
});
