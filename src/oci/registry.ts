import { z } from "zod";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "./descriptor.ts";
import { digestOf, isDigest, type Digest } from "./digest.ts";
import { maximumManifestSize } from "./layout/describe-manifest.ts";
import { isIndexType, isManifestType, mediaTypes } from "./media-types.ts";
import { parseJson } from "./parse-json.ts";
import { blobStream } from "./registry/blob-stream.ts";
import { bodyChunks } from "./registry/body-chunks.ts";
import { endpointOf } from "./registry/endpoint.ts";
import { createHttp, type RegistryHttp, type RetryOptions } from "./registry/http.ts";
import { uploadBlob, type BlobUpload } from "./registry/upload-blob.ts";

export type RegistryOptions = {
  /** Speak plain http. Loopback registries do so by themselves. */
  readonly insecure?: boolean;
  readonly retry?: RetryOptions;
};

export type FetchedManifest = { readonly descriptor: Descriptor; readonly content: Buffer };

/** One repository of a registry (distribution-spec 1.1). Every method throws `registry-*` errors. */
export type Repository = {
  readonly registry: string;
  readonly repository: string;
  /** By tag or digest; a digest is verified. */
  readonly fetchManifest: (tagOrDigest: string) => Promise<FetchedManifest>;
  readonly hasManifest: (digest: Digest) => Promise<boolean>;
  readonly pushManifest: (tagOrDigest: string, manifest: FetchedManifest) => Promise<void>;
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
  const target = { context, http, repository, retry: options.retry ?? {} };
  return {
    registry,
    repository,
    fetchManifest: (tagOrDigest) => fetchManifest(target, tagOrDigest),
    hasManifest: (digest) => isThere(target, `manifests/${digest}`),
    pushManifest: (tagOrDigest, manifest) => pushManifest(target, tagOrDigest, manifest),
    hasBlob: (digest) => isThere(target, `blobs/${digest}`),
    streamBlob: (blob) => blobStream({ ...target, blob }),
    uploadBlob: async (upload) =>
      (await isThere(target, `blobs/${upload.digest}`, "push")) ? "present" : uploadBlob(target, upload),
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

type Target = { readonly http: RegistryHttp; readonly repository: string };

const acceptedManifests = [
  mediaTypes.imageIndex,
  mediaTypes.imageManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerManifest,
].join(", ");

async function fetchManifest({ http, repository }: Target, tagOrDigest: string): Promise<FetchedManifest> {
  const response = await http.send({
    method: "GET",
    url: `/v2/${repository}/manifests/${tagOrDigest}`,
    repository,
    access: "pull",
    headers: { accept: acceptedManifests },
    accept: [200],
  });
  const content = await readLimited(response, http.endpoint.registry);
  const digest = digestOf(content);
  const promised = isDigest(tagOrDigest) ? tagOrDigest : response.headers.get("docker-content-digest");
  if (promised !== null && promised !== digest) {
    throw new IngotError("blob-mismatch", `expected the manifest ${promised}, got ${digest}`, {
      hint: "the registry or something on the way to it alters content: do not use this image",
    });
  }
  return { descriptor: { mediaType: manifestType(response, content), digest, size: content.length }, content };
}

/** Stops reading where no manifest goes on, so that a registry cannot fill the memory. */
async function readLimited(response: Response, registry: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(response)) {
    size += chunk.length;
    if (size > maximumManifestSize) {
      throw new IngotError("manifest-malformed", `the registry ${registry} serves a manifest of more than 4 MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function manifestType(response: Response, content: Buffer): string {
  const served = (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
  if (isIndexType(served) || isManifestType(served)) return served;
  // Some registries serve application/json; then the document's own word counts.
  return parseJson(content, z.looseObject({ mediaType: z.string().default(served) }), "the manifest").mediaType;
}

async function pushManifest(target: Target, tagOrDigest: string, manifest: FetchedManifest): Promise<void> {
  const { http, repository } = target;
  const response = await http.send({
    method: "PUT",
    url: `/v2/${repository}/manifests/${tagOrDigest}`,
    repository,
    access: "push",
    headers: { "content-type": manifest.descriptor.mediaType },
    body: new Uint8Array(manifest.content),
    accept: [201, 202],
  });
  await response.body?.cancel();
}

async function isThere(target: Target, path: string, access: "pull" | "push" = "pull"): Promise<boolean> {
  const { http, repository } = target;
  const headers = { accept: path.startsWith("manifests") ? acceptedManifests : "*/*" };
  const url = `/v2/${repository}/${path}`;
  const response = await http.send({ method: "HEAD", url, repository, access, headers, accept: [200, 404] });
  return response.status === 200;
}

const tagsSchema = z.looseObject({ tags: z.array(z.string()).nullable().default(null) });

async function listTags({ http, repository }: Target): Promise<readonly string[]> {
  const tags: string[] = [];
  let url: string | undefined = `/v2/${repository}/tags/list?n=1000`;
  while (url !== undefined) {
    const response: Response = await http.send({ method: "GET", url, repository, access: "pull", accept: [200] });
    tags.push(...(parseJson(await response.text(), tagsSchema, "the list of tags").tags ?? []));
    // Link: </v2/...?last=x&n=1000>; rel="next"
    const next: string | undefined = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
    url = next === undefined ? undefined : new URL(next, new URL(url, http.endpoint.origin)).href;
  }
  return tags;
}
