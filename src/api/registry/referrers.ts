import { listReferrers } from "../../controller/registry/list-referrers.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import type { RegistryCall } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { nextLink } from "./page.ts";
import { unsupportedMethod } from "./unsupported-method.ts";
import { sendJson } from "./send-json.ts";

export type ReferrersEndpoint = Extract<Endpoint, { kind: "referrers" }>;

/** `/v2/NAME/referrers/DIGEST`. Of what is not there, nothing is attached: 404 would say that there are no such lists here. */
export async function answerReferrers(call: RegistryCall, { repository, digest }: ReferrersEndpoint): Promise<void> {
  const { registry, principal, request, query } = call;
  if (request.method !== "GET" && request.method !== "HEAD") throw unsupportedMethod(request, "GET");
  const artifactType = query?.get("artifactType") || undefined;
  const after = query?.get("last") ?? undefined;
  const { manifests, hasMore } = await listReferrers(registry, principal, {
    repository,
    subject: digest,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(after === undefined ? {} : { after }),
  });
  const last = manifests.at(-1)?.digest;
  const filter = artifactType === undefined ? {} : { artifactType };
  sendJson(
    call,
    { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests },
    {
      "content-type": mediaTypes.imageIndex,
      ...(artifactType === undefined ? {} : { "oci-filters-applied": "artifactType" }),
      ...(hasMore && last !== undefined ? nextLink(`/v2/${repository}/referrers/${digest}`, { ...filter, last }) : {}),
    },
  );
}
