import { z } from "zod";

// SLSA provenance v1 (slsa.dev/spec/v1.0/provenance) and in-toto ResourceDescriptor v1, written from their texts: strict, so that a misspelt member fails.

const hexDigest = z
  .record(z.string(), z.string().regex(/^[0-9a-f]+$/))
  .refine((set) => Object.keys(set).length > 0, "a DigestSet has at least one entry");
// "A universal resource identifier … adhering to RFC 3986, case sensitive", with a scheme.
const uri = z.string().regex(/^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/);

export const resourceDescriptor = z
  .strictObject({
    name: z.string().min(1).optional(),
    uri: uri.optional(),
    digest: hexDigest.optional(),
    content: z.base64().optional(),
    downloadLocation: uri.optional(),
    mediaType: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((one) => (one.uri ?? one.digest ?? one.content) !== undefined, "one of uri, digest and content");

const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

export const slsaProvenance = z.strictObject({
  buildDefinition: z.strictObject({
    buildType: uri,
    externalParameters: z.record(z.string(), z.unknown()),
    internalParameters: z.record(z.string(), z.unknown()).optional(),
    resolvedDependencies: z.array(resourceDescriptor).optional(),
  }),
  runDetails: z.strictObject({
    builder: z.strictObject({
      id: uri,
      builderDependencies: z.array(resourceDescriptor).optional(),
      version: z.record(z.string(), z.string()).optional(),
    }),
    metadata: z
      .strictObject({
        invocationId: z.string().optional(),
        startedOn: timestamp.optional(),
        finishedOn: timestamp.optional(),
      })
      .optional(),
    byproducts: z.array(resourceDescriptor).optional(),
  }),
});
