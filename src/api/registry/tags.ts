import { requireRepository } from "../../controller/registry/pull-manifest.ts";
import { requireRead } from "../../controller/registry/push-permit.ts";
import { listTags } from "../../controller/state/registry-lists.ts";
import type { RegistryCall } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { nextLink, parsePage } from "./page.ts";
import { unsupportedMethod } from "./unsupported-method.ts";
import { sendJson } from "./send-json.ts";

export type TagsEndpoint = Extract<Endpoint, { kind: "tags" }>;

/** `/v2/NAME/tags/list`. */
export async function answerTags(call: RegistryCall, { repository }: TagsEndpoint): Promise<void> {
  const { registry, principal, request, query } = call;
  if (request.method !== "GET" && request.method !== "HEAD") throw unsupportedMethod(request, "GET");
  const { n, last } = parsePage(query);
  await requireRead(registry, principal, repository);
  const { state, settled } = registry.controller.ledger;
  requireRepository(state, repository);
  // One more than asked for tells whether there is more.
  const found = listTags(state, repository, { most: n + 1, ...(last === undefined ? {} : { after: last }) });
  const tags = found.slice(0, n);
  const end = tags.at(-1);
  await settled();
  const more = found.length > n && end !== undefined;
  sendJson(
    call,
    { name: repository, tags },
    more ? nextLink(`/v2/${repository}/tags/list`, { n: String(n), last: end }) : {},
  );
}
