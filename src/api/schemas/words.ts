import { z } from "zod";

/** The name of a service or an environment: a DNS label (RFC 1123), as ingot.yaml has it. */
export const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: "expected a name of letters, digits and dashes" });

/** Why somebody does something, in their own words. */
export const reason = z.string().max(500, { error: "expected at most 500 characters" });

/** A moment of the past: ISO 8601. */
export const at = z
  .string()
  .refine((text) => /^\d{4}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text)), {
    error: "expected a time such as 2026-11-21 or 2026-11-21T10:00:00Z",
  })
  .exactOptional();

export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, { error: "expected a digest: sha256: and 64 hex digits" });

/** A whole number in a query. */
export const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
