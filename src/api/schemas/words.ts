import { z } from "zod";

/** The name of a service or an environment: a DNS label (RFC 1123), as ingot.yaml has it. */
export const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: "expected a name of letters, digits and dashes" });

/** Why somebody does something, in their own words. */
export const reason = z.string().max(500, { error: "expected at most 500 characters" });

/** ISO 8601, as far as it says which moment is meant: a time of day has its zone. What else a date may be read from, such as `2026-11-21 (noon)`, is left to nobody's guess. */
const moment = /^\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?)?$/;

/** A moment of the past. */
export const at = z
  .string()
  .refine((text) => moment.test(text) && !Number.isNaN(Date.parse(text)), {
    error: "expected a time such as 2026-11-21 or 2026-11-21T10:00:00Z",
  })
  .exactOptional();

/** A whole number in a query. */
export const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
