import * as z from "zod";
import type { Path } from "./finding.ts";

/** The schema of the value at `path`, or undefined where the schema has nothing there. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let current: z.ZodType | undefined = mappingOf(schema);
  for (const part of path) current = current === undefined ? undefined : mappingOf(childOf(current, part));
  return current;
}

/** The keys that a mapping's schema knows. */
export function keysOf(schema: z.ZodType | undefined): string[] {
  if (schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum) return schema.keyType.options.map(String);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function childOf(schema: z.ZodType, part: string | number): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.ZodType>)[part];
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return undefined;
}

/** Without what wraps it; of a union, the member that is a mapping. */
function mappingOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return mappingOf(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) {
    const members = schema.options as readonly z.ZodType[];
    return members.find((member) => member instanceof z.ZodObject) ?? members[0];
  }
  return schema;
}
