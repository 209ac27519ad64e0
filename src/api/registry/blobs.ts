import { deleteBlob } from "../../controller/registry/delete-blob.ts";
import { pullBlob } from "../../controller/registry/pull-blob.ts";
import { parseRange } from "./byte-range.ts";
import type { RegistryCall } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { unsupportedMethod } from "./unsupported-method.ts";
import { sendFile } from "./send-file.ts";

export type BlobEndpoint = Extract<Endpoint, { kind: "blob" }>;

/** `/v2/NAME/blobs/DIGEST`. */
export async function answerBlob(call: RegistryCall, endpoint: BlobEndpoint): Promise<void> {
  const { method } = call.request;
  if (method === "GET" || method === "HEAD") return get(call, endpoint);
  if (method !== "DELETE") throw unsupportedMethod(call.request, "GET, HEAD, DELETE");
  await deleteBlob(call.registry, call.principal, endpoint);
  call.response.writeHead(202, { "content-length": 0 }).end();
}

async function get({ registry, principal, request, response }: RegistryCall, endpoint: BlobEndpoint): Promise<void> {
  const { path, size } = await pullBlob(registry, principal, endpoint);
  const { digest } = endpoint;
  const etag = `"${digest}"`;
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    etag,
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
  };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const isSame = (request.headers["if-range"] ?? etag) === etag;
  const range = request.method === "GET" && isSame ? parseRange(request.headers.range, size) : undefined;
  if (range === "beyond") {
    response.writeHead(416, { ...headers, "content-range": `bytes */${size}`, "content-length": 0 }).end();
    return;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-length": last - first + 1,
    ...(range === undefined ? {} : { "content-range": `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === "HEAD" || size === 0) response.end();
  else await sendFile(response, path, { first, last });
}
