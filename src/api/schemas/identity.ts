import { z } from "zod";
import { keyUses } from "../../controller/events/identity-events.ts";
import { principalRoles } from "../../policy/policy.ts";

export const keyUse = z.enum(keyUses);

/** `user:alice`, or of an enrolment the bare name. */
export const principalName = z.string().min(1).max(300);

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: "expected letters, digits, dots, dashes and underscores, at most 64",
});

/** What an admin says of somebody. */
export const standing = {
  roles: z.array(z.enum(principalRoles)).max(20),
  groups: z.array(name).max(100),
  emails: z.array(z.string().min(3).max(254)).max(20),
  environment: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, { error: "expected the name of an environment" })
    .exactOptional(),
};

export const publicKeys = z.array(z.strictObject({ pem: z.string().max(4096), use: keyUse })).max(20);

/** `Identity` of the controller's state. */
export const identity = z.object({
  principal: z.string(),
  kind: z.enum(["user", "workload", "instance"]),
  groups: z.array(z.string()).readonly(),
  roles: z.array(z.string()).readonly(),
  emails: z.array(z.string()).readonly(),
  environment: z.string().exactOptional(),
  removed: z.boolean(),
  keys: z
    .array(z.object({ id: z.string(), use: keyUse, pem: z.string(), status: z.enum(["active", "retired", "revoked"]) }))
    .readonly(),
});

export const enrolmentCode = z.object({ code: z.string(), expires: z.number() });
