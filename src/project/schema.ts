import * as z from "zod";
import { imageSchema } from "./image-schema.ts";
import { imageNamePattern, labelPattern } from "./names.ts";
import { list, mapping, named, text, whole } from "./schema-parts.ts";
import { serviceSchema } from "./service-schema.ts";

const url = text("a URL that starts with http:// or https://", /^https?:\/\/[^\0\s/]+(?:\/[^\0\s]*)?$/);
const imageName = 'a name of lower-case letters and digits, with single ".", "_" or "-" between them';

const mirrorSchema = z.union(
  [
    url,
    mapping("a URL or a mapping with main and security", {
      main: url.describe("The URL of the archive."),
      security: url.optional().describe("The URL of the security archive, where it is another."),
    }),
  ],
  { error: "a URL, or a mapping with main and security" },
);

const environmentSchema = mapping("a mapping that describes an environment", {
  policy: text("a path inside the project's folder")
    .optional()
    .describe("The policy that decides which releases may go there; without one the policy that Ingot ships."),
  approvals: whole("a number of people from 0 to 20", { min: 0, max: 20 })
    .default(0)
    .describe("How many people must approve an image before it is released there, none of them its author or builder."),
});

const keyFiles = list("a list of public key files", text("a path of a public key")).min(1, {
  error: "at least one key",
});

/** `evidence/` holds statements to these roles; a test keeps them equal. */
const trustSchema = mapping("a mapping of roles to public keys", {
  builder: keyFiles.optional().describe("Who builds images: signatures, provenance, bills of materials."),
  scanner: keyFiles.optional().describe("Who scans images for known vulnerabilities."),
  tester: keyFiles.optional().describe("Who tests images."),
  approver: keyFiles.optional().describe("Who approves releases."),
  rebuilder: keyFiles.optional().describe("Who builds images again elsewhere and compares."),
});

/** The whole of ingot.yaml. */
export const projectSchema = mapping("a mapping with project and images", {
  project: text(imageName, imageNamePattern)
    .max(100, { error: "a name of at most 100 characters" })
    .describe("The project's name."),
  mirror: mirrorSchema
    .optional()
    .describe("The Debian archive; by default the one in the host's apt sources, or INGOT_DEBIAN_MIRROR."),
  keyring: text("the path of a keyring")
    .optional()
    .describe("An OpenPGP keyring that replaces the host's; relative to the project's folder."),
  trust: trustSchema
    .default({})
    .describe("Whose signatures count, by role: paths of public keys (PEM), relative to the project's folder."),
  images: named(
    "a mapping of images",
    text(imageName, imageNamePattern).max(100, { error: "a name of at most 100 characters" }),
    imageSchema,
  ).describe("The images of this project, by name."),
  services: named(
    "a mapping of services",
    text("a name of lower-case letters, digits and dashes, at most 63", labelPattern),
    serviceSchema,
  )
    .default({})
    .describe("What runs: instances of an image behind one address."),
  environments: named(
    "a mapping of environments",
    text("a name of lower-case letters, digits and dashes, at most 63", labelPattern),
    environmentSchema,
  )
    .default({})
    .describe("Where releases live, such as staging and production."),
});

/** ingot.yaml after parsing, with defaults filled in: what `to-project.ts` reads. */
export type WrittenProject = z.output<typeof projectSchema>;

/** The JSON Schema of what a person writes (draft 7, which every editor's YAML support reads). */
export function buildJsonSchema(): object {
  return {
    title: "ingot.yaml",
    description: "The definition of a project's images, services and environments.",
    ...z.toJSONSchema(projectSchema, { io: "input", target: "draft-7" }),
  };
}
