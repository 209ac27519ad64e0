import { parseDigest, parseRepository } from "../../controller/registry/names.ts";
import { mountBlob } from "../../controller/registry/mount-blob.ts";
import { requirePush } from "../../controller/registry/push-permit.ts";
import type { Upload } from "../../controller/registry/upload.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { assertNotEncoded, readPieces } from "../body.ts";
import type { RegistryCall } from "./call.ts";
import { checkContentRange } from "./content-range.ts";
import type { Endpoint } from "./endpoint.ts";
import { unsupportedMethod } from "./unsupported-method.ts";

export type UploadsEndpoint = Extract<Endpoint, { kind: "uploads" }>;
export type UploadEndpoint = Extract<Endpoint, { kind: "upload" }>;

/** `/v2/NAME/blobs/uploads/`: begins an upload, or does without one by a mount or a body that is the blob. */
export async function answerUploads(call: RegistryCall, { repository }: UploadsEndpoint): Promise<void> {
  const { registry, principal, request, response, query } = call;
  if (request.method !== "POST") throw unsupportedMethod(request, "POST");
  await requirePush(registry, principal, repository);
  const mount = query?.get("mount");
  const from = query?.get("from");
  if (typeof mount === "string" && typeof from === "string") {
    const digest = parseDigest(mount);
    const isMounted = await mountBlob(registry, principal, { repository, digest, from: parseRepository(from) });
    if (isMounted) return sendCreated(call, repository, digest);
  }
  const whole = query?.get("digest");
  if (typeof whole === "string") return receiveWhole(call, repository, parseDigest(whole));
  const upload = registry.uploads.start(principal, repository);
  response.writeHead(202, { ...placeOf(repository, upload), "content-length": 0 }).end();
}

/** A blob in a single request. */
async function receiveWhole(call: RegistryCall, repository: string, digest: Digest): Promise<void> {
  const upload = call.registry.uploads.start(call.principal, repository);
  try {
    await append(call, upload);
    await upload.finish(digest);
  } catch (error) {
    // The client has no address to go on at.
    upload.cancel();
    throw error;
  }
  sendCreated(call, repository, digest);
}

/** `/v2/NAME/blobs/uploads/ID`. */
export async function answerUpload(call: RegistryCall, { repository, id }: UploadEndpoint): Promise<void> {
  const { registry, principal, request, response, query } = call;
  await requirePush(registry, principal, repository);
  const upload = registry.uploads.find(principal, repository, id);
  switch (request.method) {
    case "PATCH":
      await append(call, upload);
      response.writeHead(202, { ...placeOf(repository, upload), "content-length": 0 }).end();
      return;
    case "PUT":
      return finish(call, upload, { repository, digest: requireDigest(query) });
    case "GET":
      response.writeHead(204, placeOf(repository, upload)).end();
      return;
    case "DELETE":
      upload.cancel();
      response.writeHead(204).end();
      return;
    default:
      throw unsupportedMethod(request, "GET, PATCH, PUT, DELETE");
  }
}

type Finished = { readonly repository: string; readonly digest: Digest };

async function finish(call: RegistryCall, upload: Upload, { repository, digest }: Finished): Promise<void> {
  const { headers } = call.request;
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0) {
    await append(call, upload);
  }
  await upload.finish(digest);
  sendCreated(call, repository, digest);
}

async function append({ request, response, bodyLimits }: RegistryCall, upload: Upload): Promise<void> {
  assertNotEncoded(request);
  try {
    const length = checkContentRange(request.headers, upload.size());
    if (length !== undefined) upload.assertRoom(length);
    await upload.append(readPieces(request, bodyLimits));
  } catch (error) {
    // Where the client is to go on.
    if (error instanceof IngotError && error.code === "upload-invalid") response.setHeader("range", rangeOf(upload));
    throw error;
  }
}

function requireDigest(query: URLSearchParams | undefined): Digest {
  const digest = query?.get("digest");
  if (typeof digest === "string") return parseDigest(digest);
  throw new IngotError("blob-mismatch", "an upload ends with the digest of the whole blob, and there is none", {
    hint: "PUT with ?digest=sha256:…",
  });
}

function sendCreated({ response }: RegistryCall, repository: string, digest: Digest): void {
  response
    .writeHead(201, {
      location: `/v2/${repository}/blobs/${digest}`,
      "docker-content-digest": digest,
      "content-length": 0,
    })
    .end();
}

function placeOf(repository: string, upload: Upload): Readonly<Record<string, string>> {
  return {
    location: `/v2/${repository}/blobs/uploads/${upload.id}`,
    range: rangeOf(upload),
    "docker-upload-uuid": upload.id,
  };
}

/** With nothing there, `0-0` as in every registry: the form has no other word for it. */
function rangeOf(upload: Upload): string {
  return `0-${Math.max(0, upload.size() - 1)}`;
}
