import { z } from "zod";
import { isDigest, type Digest } from "./digest.ts";

/** Only SHA-256: the one algorithm every registry and engine takes. */
export const digestSchema: z.ZodType<Digest> = z
  .string()
  .refine(isDigest, { message: "expected sha256: and 64 hex digits" });

export const annotationsSchema = z.record(z.string(), z.string());

const platformSchema = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().exactOptional(),
});

/** Which machine an image is for, in Go's words: `linux`, `amd64`. */
export type Platform = z.infer<typeof platformSchema>;

export const descriptorSchema = z.looseObject({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.int().min(0),
  annotations: annotationsSchema.exactOptional(),
  artifactType: z.string().exactOptional(),
  platform: platformSchema.exactOptional(),
});

/** What names a blob: its type, digest and size in bytes (image-spec descriptor.md). Members that are not known are kept. */
export type Descriptor = z.infer<typeof descriptorSchema>;
