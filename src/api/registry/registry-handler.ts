import type { IncomingMessage, ServerResponse } from "node:http";
import type { Controller } from "../../controller/controller.ts";
import { authenticate } from "../../controller/identity/authenticate.ts";
import { registryOf } from "../../controller/registry/registry-of.ts";
import { answerBlob } from "./blobs.ts";
import { usualBodyLimits, type BodyLimits } from "../body.ts";
import type { RegistryCall } from "./call.ts";
import { answerCatalog } from "./catalog.ts";
import { signInNeeded } from "./challenge.ts";
import { parseEndpoint, type Endpoint } from "./endpoint.ts";
import { endUnread } from "./end-unread.ts";
import { answerManifest } from "./manifests.ts";
import { answerReferrers } from "./referrers.ts";
import { sendError } from "./send-error.ts";
import { answerTags } from "./tags.ts";
import { answerToken } from "./token.ts";
import { unsupportedMethod } from "./unsupported-method.ts";
import { answerUpload, answerUploads } from "./uploads.ts";

export type RegistryHandler = ((request: IncomingMessage, response: ServerResponse) => void) & {
  readonly close: () => Promise<void>;
};

export type HandlerOptions = {
  readonly bodyLimits?: BodyLimits;
  /** Is told of what a client is not. */
  readonly onError?: (error: unknown, request: { readonly method: string; readonly path: string }) => void;
};

/** Answers everything below `/v2/`, and `/token`, by the OCI distribution specification 1.1. On Node's own requests: blobs pass through no web streams. */
export function openRegistryHandler(controller: Controller, options: HandlerOptions = {}): RegistryHandler {
  const { bodyLimits = usualBodyLimits, onError = () => {} } = options;
  const registry = registryOf(controller);
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void answer({ registry, request, response, bodyLimits }, onError);
  };
  return Object.assign(handle, { close: registry.close });
}

type Received = Omit<RegistryCall, "principal" | "query">;

async function answer(received: Received, onError: NonNullable<HandlerOptions["onError"]>): Promise<void> {
  const { registry, request, response } = received;
  const { url = "" } = request;
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  let endpoint: Endpoint | undefined;
  try {
    if (path === "/token") await answerToken(registry.controller, received);
    else {
      endpoint = parseEndpoint(path);
      const principal = await authenticate(registry.controller, request.headers.authorization);
      if (principal === undefined) throw signInNeeded();
      const query = mark === -1 ? undefined : new URLSearchParams(url.slice(mark + 1));
      await dispatch({ ...received, principal, query }, endpoint);
    }
  } catch (error) {
    onError(error, { method: request.method ?? "", path });
    sendError(registry.controller.settings, { request, response, endpoint, error });
  }
  if (!request.complete) endUnread(request, response);
}

function dispatch(call: RegistryCall, endpoint: Endpoint): Promise<void> {
  switch (endpoint.kind) {
    case "manifest":
      return answerManifest(call, endpoint);
    case "blob":
      return answerBlob(call, endpoint);
    case "uploads":
      return answerUploads(call, endpoint);
    case "upload":
      return answerUpload(call, endpoint);
    case "tags":
      return answerTags(call, endpoint);
    case "referrers":
      return answerReferrers(call, endpoint);
    case "catalog":
      return answerCatalog(call);
    case "base":
      return answerBase(call);
  }
}

async function answerBase({ request, response }: RegistryCall): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") throw unsupportedMethod(request, "GET, HEAD");
  response.writeHead(200, { "content-type": "application/json", "content-length": 2, ...apiVersion }).end("{}");
}

/** Older clients look for it to tell a registry from any other server. */
const apiVersion = { "docker-distribution-api-version": "registry/2.0" };
