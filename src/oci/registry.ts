import { z } from "zod";
import type { Context } from "../ground/context.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { parseJson } from "./parse-json.ts";
import { blobStream } from "./registry/blob-stream.ts";
import { endpointOf } from "./registry/endpoint.ts";
import { createHttp, type RetryOptions } from "./registry/http.ts";
import { listReferrers, type ListedReferrers, type ReferrerFilter } from "./registry/list-referrers.ts";
import { fetchManifest, hasManifest, type FetchedManifest } from "./registry/manifests.ts";
import { pages } from "./registry/pages.ts";
import { pushManifest, pushReferrers } from "./registry/push-referrers.ts";
import { uploadBlob, type BlobUpload } from "./registry/upload-blob.ts";
import type { Target } from "./registry/whole-answer.ts";

export type RegistryOptions = {
  /** Speak plain http. Loopback registries do so by themselves. */
  readonly insecure?: boolean;
  readonly retry?: RetryOptions;
};

/** One repository of a registry (distribution-spec 1.1). Every method throws `registry-*` errors. */
export type Repository = {
  readonly registry: string;
  readonly repository: string;
  /** By tag or digest; a digest is verified. */
  readonly fetchManifest: (tagOrDigest: string) => Promise<FetchedManifest>;
  readonly hasManifest: (digest: Digest) => Promise<boolean>;
  /** One with a subject is listed there too: by the registry, or by the client where the registry keeps no lists. */
  readonly pushManifest: (tagOrDigest: string, manifest: FetchedManifest) => Promise<void>;
  /** What the registry claims is attached to an image; to be checked. Throws `referrers-unusable` where its list is no list. */
  readonly listReferrers: (subject: Digest, filter?: ReferrerFilter) => Promise<ListedReferrers>;
  /** As `pushManifest` for many that are attached to one image. */
  readonly pushReferrers: (subject: Digest, manifests: readonly FetchedManifest[]) => Promise<void>;
  readonly hasBlob: (digest: Digest) => Promise<boolean>;
  /** The bytes of a blob, resumed where the connection breaks. Not verified: `putBlobStream` does that. */
  readonly streamBlob: (blob: Descriptor) => AsyncGenerator<Uint8Array, void, undefined>;
  /** Uploads a blob unless it is there or can be mounted; says which. */
  readonly uploadBlob: (upload: BlobUpload) => Promise<"present" | "mounted" | "uploaded">;
  readonly listTags: () => Promise<readonly string[]>;
};

export function openRepository(
  context: Context,
  place: { readonly registry: string; readonly repository: string },
  options: RegistryOptions = {},
): Repository {
  const { registry, repository } = place;
  const endpoint = endpointOf(registry, options.insecure === undefined ? {} : { insecure: options.insecure });
  const http = createHttp(context, endpoint, options.retry);
  const target: Target = { context, http, repository, retry: options.retry ?? {} };
  return {
    registry,
    repository,
    fetchManifest: (tagOrDigest) => fetchManifest(target, tagOrDigest),
    hasManifest: (digest) => hasManifest(target, digest),
    pushManifest: (tagOrDigest, manifest) => pushManifest(target, tagOrDigest, manifest),
    listReferrers: (subject, filter) => listReferrers(target, subject, filter),
    pushReferrers: (subject, manifests) => pushReferrers(target, subject, manifests),
    hasBlob: (digest) => hasBlob(target, digest, "pull"),
    streamBlob: (blob) => blobStream({ ...target, blob }),
    uploadBlob: async (upload) =>
      (await hasBlob(target, upload.digest, "push")) ? "present" : uploadBlob(target, upload),
    listTags: () => listTags(target),
  };
}

/** Checks that a registry speaks the protocol and takes the credentials (distribution-spec end-1). */
export async function pingRegistry(context: Context, registry: string, options: RegistryOptions = {}): Promise<void> {
  const endpoint = endpointOf(registry, options.insecure === undefined ? {} : { insecure: options.insecure });
  const http = createHttp(context, endpoint, options.retry);
  const response = await http.send({ method: "GET", url: "/v2/", repository: "", access: "pull", accept: [200] });
  await response.body?.cancel();
}

async function hasBlob({ http, repository }: Target, digest: Digest, access: "pull" | "push"): Promise<boolean> {
  const url = `/v2/${repository}/blobs/${digest}`;
  const response = await http.send({ method: "HEAD", url, repository, access, accept: [200, 404] });
  return response.status === 200;
}

const tagsSchema = z.looseObject({ tags: z.array(z.string()).nullable().default(null) });

async function listTags(target: Target): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const { content } of pages(target, { url: `/v2/${target.repository}/tags/list?n=1000` })) {
    tags.push(...(parseJson(content, tagsSchema, "the list of tags").tags ?? []));
  }
  return tags;
}
