import { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import { digestOf, isDigest, type Digest } from "../digest.ts";
import { isIndexType, isManifestType, mediaTypes } from "../media-types.ts";
import { parseJson } from "../parse-json.ts";
import { wholeAnswer, type Target } from "./whole-answer.ts";

export type FetchedManifest = { readonly descriptor: Descriptor; readonly content: Buffer };

const acceptedManifests = [
  mediaTypes.imageIndex,
  mediaTypes.imageManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.dockerManifest,
].join(", ");

/** By tag or digest; a digest is verified. */
export async function fetchManifest(target: Target, tagOrDigest: string): Promise<FetchedManifest> {
  const { repository } = target;
  const { response, content } = await wholeAnswer(target, {
    method: "GET",
    url: `/v2/${repository}/manifests/${tagOrDigest}`,
    repository,
    access: "pull",
    headers: { accept: acceptedManifests },
    accept: [200],
  });
  const digest = digestOf(content);
  const promised = isDigest(tagOrDigest) ? tagOrDigest : response.headers.get("docker-content-digest");
  if (promised !== null && promised !== digest) {
    throw new IngotError("blob-mismatch", `expected the manifest ${promised}, got ${digest}`, {
      hint: "the registry or something on the way to it alters content: do not use this image",
    });
  }
  return { descriptor: { mediaType: manifestType(response, content), digest, size: content.length }, content };
}

/** Says whether the registry lists the manifest as attached to its subject by itself (distribution-spec, "Pushing Manifests with Subject"). */
export async function putManifest(
  { http, repository }: Target,
  tagOrDigest: string,
  manifest: FetchedManifest,
): Promise<{ readonly isListed: boolean }> {
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
  return { isListed: response.headers.has("oci-subject") };
}

export async function hasManifest({ http, repository }: Target, digest: Digest): Promise<boolean> {
  const response = await http.send({
    method: "HEAD",
    url: `/v2/${repository}/manifests/${digest}`,
    repository,
    access: "pull",
    headers: { accept: acceptedManifests },
    accept: [200, 404],
  });
  return response.status === 200;
}

function manifestType(response: Response, content: Buffer): string {
  const served = (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
  if (isIndexType(served) || isManifestType(served)) return served;
  // Some registries serve application/json; then the document's own word counts.
  return parseJson(content, z.looseObject({ mediaType: z.string().default(served) }), "the manifest").mediaType;
}
