import { z } from "zod";
import { digestSchema } from "./descriptor.ts";
import { parseJson } from "./parse-json.ts";

const executionSchema = z.looseObject({
  User: z.string().exactOptional(),
  ExposedPorts: z.record(z.string(), z.unknown()).exactOptional(),
  Env: z.array(z.string()).exactOptional(),
  Entrypoint: z.array(z.string()).exactOptional(),
  Cmd: z.array(z.string()).exactOptional(),
  Volumes: z.record(z.string(), z.unknown()).exactOptional(),
  WorkingDir: z.string().exactOptional(),
  Labels: z.record(z.string(), z.string()).exactOptional(),
  StopSignal: z.string().exactOptional(),
});

const historySchema = z.looseObject({
  created: z.string().exactOptional(),
  created_by: z.string().exactOptional(),
  comment: z.string().exactOptional(),
  empty_layer: z.boolean().exactOptional(),
});

const configSchema = z.looseObject({
  created: z.string().exactOptional(),
  architecture: z.string(),
  os: z.string(),
  variant: z.string().exactOptional(),
  config: executionSchema.exactOptional(),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(digestSchema) }),
  history: z.array(historySchema).exactOptional(),
});

/** image-spec config.md: how a container of the image runs, and the digests of its uncompressed layers, lowest first. */
export type ImageConfig = z.infer<typeof configSchema>;

/** Parses a configuration. Docker writes `null` for what is not set: such members are taken as absent. */
export function parseImageConfig(content: Uint8Array | string): ImageConfig {
  return parseJson(content, z.preprocess(dropNulls, configSchema), "the image configuration");
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (typeof value !== "object" || value === null) return value;
  const set = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(set.map(([key, member]) => [key, dropNulls(member)]));
}
