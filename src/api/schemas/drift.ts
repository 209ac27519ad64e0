import { z } from "zod";

const seenProcess = z.object({
  pid: z.number(),
  parent: z.number(),
  executable: z.string(),
  command: z.array(z.string()).readonly(),
  uid: z.number().exactOptional(),
  started: z.number().exactOptional(),
});

/** Drift by the record. `seen` and `found` are milliseconds since 1970. */
export const drift = z.object({
  id: z.number(),
  environment: z.string(),
  service: z.string(),
  instance: z.string(),
  release: z.number(),
  image: z.string(),
  rule: z.string(),
  subject: z.string(),
  message: z.string(),
  seen: z.number(),
  found: z.number(),
  sensor: z.string(),
  response: z.string(),
  chain: z.array(seenProcess).readonly(),
  recorded: z.string(),
  status: z.enum(["open", "running", "replaced", "ended"]),
  replaced: z.object({ at: z.string(), by: z.string().exactOptional(), milliseconds: z.number() }).exactOptional(),
});

const captureOf = z.object({
  event: z.number(),
  drift: z.number().exactOptional(),
  environment: z.string(),
  service: z.string(),
  instance: z.string(),
  made: z.string(),
  askedBy: z.string(),
});

/** `why`: it was not made. */
export const capture = z.union([
  captureOf.extend({ repository: z.string(), artifact: z.string(), bytes: z.number(), key: z.string() }),
  captureOf.extend({ why: z.string() }),
]);

const breaker = z.object({
  environment: z.string(),
  service: z.string(),
  state: z.enum(["closed", "open"]),
  until: z.number().exactOptional(),
});

const guard = z.object({
  isAwake: z.boolean(),
  sensors: z
    .array(z.object({ name: z.string(), state: z.enum(["awake", "off", "blind"]), detail: z.string() }))
    .readonly(),
  watched: z.number(),
  executions: z.number(),
  lost: z.number(),
  breaker: z.array(breaker).readonly(),
});

export const guardView = z.object({
  guard: guard.exactOptional(),
  breakers: z
    .array(z.object({ environment: z.string(), service: z.string(), why: z.string(), since: z.string() }))
    .readonly(),
  open: z.number(),
  running: z.number(),
  /** Drift that is not over, a breaker that is open, a sensor that is blind. */
  needsSomebody: z.boolean(),
});
