import { z } from "zod";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { hexOf, type Digest } from "../../oci/digest.ts";
import { statementKinds, type Statement, type StatementKind } from "../evidence.ts";
import { parseStrictJson } from "./strict-json.ts";

/** The bytes of an in-toto Statement v1 about an image: the same statement is the same bytes. */
export function formatStatement(
  about: { readonly image: Digest; readonly name?: string },
  { predicateType, predicate }: { readonly predicateType: string; readonly predicate: unknown },
): Buffer {
  const subject = { ...(about.name === undefined ? {} : { name: about.name }), digest: { sha256: hexOf(about.image) } };
  return canonicalJson({ _type: statementTypes[0], subject: [subject], predicateType, predicate });
}

/** A statement's kind by its predicate type; `other` for those that Ingot does not know. */
export function kindOf(predicateType: string): StatementKind | "other" {
  return kinds.get(predicateType) ?? "other";
}

/** A statement that was signed, or why it says nothing about the image. */
export type ReadStatement = { readonly statement: Statement } | { readonly reason: string };

/** Reads the payload of an envelope whose signature was checked, and holds it against the image. */
export function readStatement(payload: Buffer, image: Digest): ReadStatement {
  const parsed = statementSchema.safeParse(parseStrictJson(payload));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      reason: `it signs what is no in-toto statement: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`,
    };
  }
  const statement = parsed.data;
  // Attack: a true statement about another image, attached to this one. More than one subject is what builders of several files write; any
  // may be ours, as cosign decides.
  const sha256 = hexOf(image);
  if (!statement.subject.some((subject) => subject.digest.sha256 === sha256)) {
    return { reason: `its statement is about ${describeSubjects(statement)}, not about this image` };
  }
  return { statement };
}

/** What a stranger wrote, for a message: short, and on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** A type that a stranger wrote, as a person is shown it: no line break or control character may make it look like more than one line. */
export function showType(text: string): string {
  if (text === "") return "unknown";
  return /^[!-~]{1,100}$/.test(text) ? text : quote(text);
}

const statementTypes = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"] as const;

const kinds = new Map<string, StatementKind>(
  (Object.keys(statementKinds) as StatementKind[]).map((kind) => [statementKinds[kind].predicateType, kind]),
);

// in-toto attestation, spec/v1/statement.md. Members that are not known are allowed there ("monotonic principle").
const statementSchema = z.looseObject({
  _type: z.enum(statementTypes),
  subject: z
    .array(
      z.looseObject({
        name: z.string().exactOptional(),
        digest: z.record(z.string(), z.string()),
      }),
    )
    .min(1)
    // As many as sigstore-go reads.
    .max(1024),
  predicateType: z.string().min(1).max(2048),
  // Absent where a kind needs none.
  predicate: z.unknown().optional(),
});

function describeSubjects({ subject }: Statement): string {
  const [first] = subject;
  const digest = first?.digest.sha256;
  const one = digest === undefined ? "something without a sha256 digest" : quote(`sha256:${digest}`);
  return subject.length === 1 ? one : `${subject.length} others, such as ${one}`;
}
