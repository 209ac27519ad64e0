import { z } from "zod";

const text = { message: "expected a text" };

/** OpenVEX 0.2.0 (OPENVEX-SPEC.md), as far as Ingot reads it. Members that are not named here are left alone: other tools add theirs. */
const identifiers = z.looseObject({ purl: z.string().exactOptional() });
const hashes = z.looseObject({
  "sha-256": z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, { message: "expected 64 hex digits" })
    .exactOptional(),
});

const component = {
  "@id": z.string().exactOptional(),
  identifiers: identifiers.exactOptional(),
  hashes: hashes.exactOptional(),
};

const product = z.looseObject({
  ...component,
  subcomponents: z.array(z.looseObject(component)).max(10_000).exactOptional(),
});

const vulnerability = z.looseObject({
  "@id": z.string().exactOptional(),
  name: z
    .string({ message: "expected the id of a vulnerability" })
    .min(1, { message: "expected the id of a vulnerability" }),
  aliases: z.array(z.string()).max(100).exactOptional(),
});

const justifications = [
  "component_not_present",
  "vulnerable_code_not_present",
  "vulnerable_code_not_in_execute_path",
  "vulnerable_code_cannot_be_controlled_by_adversary",
  "inline_mitigations_already_exist",
] as const;

const statuses = ["not_affected", "affected", "fixed", "under_investigation"] as const;

const statement = z.looseObject({
  vulnerability,
  products: z.array(product).max(10_000).exactOptional(),
  status: z.enum(statuses, { message: `expected one of ${statuses.join(", ")}` }),
  justification: z.enum(justifications, { message: `expected one of ${justifications.join(", ")}` }).exactOptional(),
  impact_statement: z.string().exactOptional(),
  action_statement: z.string().exactOptional(),
  status_notes: z.string().exactOptional(),
  timestamp: z.iso
    .datetime({ offset: true, message: "expected a date and time such as 2026-11-21T10:00:00Z" })
    .exactOptional(),
  expires: z.string().exactOptional(),
  "x-expires": z.string().exactOptional(),
});

export const documentSchema = z.looseObject({
  "@context": z
    .string({ message: "expected https://openvex.dev/ns/v0.2.0" })
    .regex(/^https:\/\/openvex\.dev\/ns(?:\/v0\.2\.\d+)?$/, { message: "expected https://openvex.dev/ns/v0.2.0" }),
  "@id": z.string(text).min(1, text),
  author: z.string().exactOptional(),
  role: z.string().exactOptional(),
  timestamp: z.iso.datetime({ offset: true, message: "expected a date and time such as 2026-11-21T10:00:00Z" }),
  statements: z
    .array(statement, { message: "expected a list of statements" })
    .min(1, { message: "expected at least one statement" })
    .max(10_000),
  expires: z.string().exactOptional(),
  "x-expires": z.string().exactOptional(),
});

export type WrittenDocument = z.infer<typeof documentSchema>;
export type WrittenStatement = WrittenDocument["statements"][number];
export type WrittenComponent = z.infer<z.ZodObject<typeof component>>;
