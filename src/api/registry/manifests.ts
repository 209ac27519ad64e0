import { deleteManifest } from "../../controller/registry/delete-manifest.ts";
import { pullManifest } from "../../controller/registry/pull-manifest.ts";
import { pushManifest } from "../../controller/registry/push-manifest.ts";
import { IngotError } from "../../ground/error.ts";
import { assertNotEncoded, readWhole } from "../body.ts";
import type { RegistryCall } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { unsupportedMethod } from "./unsupported-method.ts";

export type ManifestEndpoint = Extract<Endpoint, { kind: "manifest" }>;

/** `/v2/NAME/manifests/REFERENCE`. */
export async function answerManifest(call: RegistryCall, endpoint: ManifestEndpoint): Promise<void> {
  const { method } = call.request;
  if (method === "GET" || method === "HEAD") return get(call, endpoint);
  if (method === "PUT") return put(call, endpoint);
  if (method !== "DELETE") throw unsupportedMethod(call.request, "GET, HEAD, PUT, DELETE");
  await deleteManifest(call.registry, call.principal, endpoint);
  call.response.writeHead(202, { "content-length": 0 }).end();
}

async function get(
  { registry, principal, request, response }: RegistryCall,
  endpoint: ManifestEndpoint,
): Promise<void> {
  const { digest, mediaType, content } = await pullManifest(registry, principal, endpoint);
  const etag = `"${digest}"`;
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag, "docker-content-digest": digest }).end();
    return;
  }
  response.writeHead(200, {
    "content-type": mediaType,
    "content-length": content.length,
    "docker-content-digest": digest,
    etag,
    // It is a stranger's text: no browser shall take it for a page.
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : content);
}

async function put(call: RegistryCall, { repository, reference }: ManifestEndpoint): Promise<void> {
  const { registry, principal, request, response, bodyLimits: limits } = call;
  assertNotEncoded(request);
  const most = registry.controller.settings.limits.manifest;
  const content = await readWhole(request, { limits, most, error: () => tooLarge(most) });
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim() ?? "";
  const { digest, subject } = await pushManifest(registry, principal, { repository, reference, mediaType, content });
  response
    .writeHead(201, {
      location: `/v2/${repository}/manifests/${digest}`,
      "docker-content-digest": digest,
      "content-length": 0,
      ...(subject === undefined ? {} : { "oci-subject": subject }),
    })
    .end();
}

function tooLarge(most: number): IngotError {
  return new IngotError("manifest-too-large", `the registry takes manifests of at most ${most} bytes`, {
    hint: "raise limits.manifest in controller.yaml; what is large belongs into a blob",
  });
}
