import type { z } from "zod";
import { IngotError } from "../ground/error.ts";

/** Parses JSON bytes by a schema; `what` names the document in the error (`manifest-malformed`), with every field that is wrong. */
export function parseJson<T>(content: Uint8Array | string, schema: z.ZodType<T>, what: string): T {
  const result = schema.safeParse(parseText(content, what));
  if (result.success) return result.data;
  const details = result.error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`);
  throw malformed(what, details[0] ?? "", { details, cause: result.error });
}

function parseText(content: Uint8Array | string, what: string): unknown {
  try {
    return JSON.parse(
      typeof content === "string" ? content : new TextDecoder("utf-8", { fatal: true }).decode(content),
    );
  } catch (cause) {
    throw malformed(what, "it is not JSON", { cause });
  }
}

function malformed(what: string, why: string, rest: { details?: readonly string[]; cause: unknown }): IngotError {
  return new IngotError("manifest-malformed", `${what} does not follow the OCI image specification: ${why}`, {
    hint: "the tool that made this image must repair it",
    ...rest,
  });
}
