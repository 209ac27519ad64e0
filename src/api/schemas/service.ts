import { z } from "zod";

/** `RecordedRollout` of the controller's state. */
export const rollout = z.object({
  id: z.number(),
  environment: z.string(),
  service: z.string(),
  release: z.number(),
  image: z.string(),
  kind: z.enum(["deploy", "rollback", "revert"]),
  strategy: z.enum(["rolling", "canary", "blue-green"]),
  from: z.number().exactOptional(),
  status: z.enum([
    "pending",
    "running",
    "baking",
    "awaiting-promotion",
    "promoting",
    "paused",
    "successful",
    "failed",
    "cancelled",
  ]),
  resumesAs: z.enum(["pending", "running", "baking", "awaiting-promotion", "promoting"]).exactOptional(),
  since: z.string(),
  started: z.string(),
  isPromoted: z.boolean(),
  created: z.string(),
  ended: z.string().exactOptional(),
  why: z.string().exactOptional(),
});

const instance = z.object({
  id: z.string(),
  release: z.number(),
  image: z.string(),
  state: z.enum(["starting", "running", "frozen", "stopping", "gone"]),
  health: z.enum(["unknown", "healthy", "unhealthy"]),
  traffic: z.enum(["in", "draining", "out"]),
  sessions: z.number().exactOptional(),
  started: z.string(),
  address: z.string().exactOptional(),
  port: z.number().exactOptional(),
  failure: z.string().exactOptional(),
  condemned: z.string().exactOptional(),
});

export const quarantined = z.object({
  environment: z.string(),
  service: z.string(),
  image: z.string(),
  why: z.string(),
  since: z.string(),
});

/** `ShownService` of the verb `showServices`. */
export const service = z.object({
  environment: z.string(),
  service: z.string(),
  release: z.number(),
  image: z.string(),
  repository: z.string(),
  listen: z.string().exactOptional(),
  stable: z.number().exactOptional(),
  rollout: rollout.exactOptional(),
  quarantine: z.array(quarantined).readonly(),
  alarms: z
    .array(
      z.object({
        environment: z.string(),
        service: z.string(),
        alarm: z.string(),
        message: z.string(),
        since: z.string(),
      }),
    )
    .readonly(),
  running: z
    .object({
      replicas: z.number(),
      isSettled: z.boolean(),
      notes: z.array(z.string()).readonly(),
      instances: z.array(instance).readonly(),
      traffic: z
        .object({ isServing: z.boolean(), requests: z.number(), failed: z.number(), held: z.number() })
        .exactOptional(),
    })
    .exactOptional(),
});
