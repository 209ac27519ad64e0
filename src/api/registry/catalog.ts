import { requireCatalog } from "../../controller/registry/push-permit.ts";
import { listRepositories } from "../../controller/state/registry-lists.ts";
import type { RegistryCall } from "./call.ts";
import { nextLink, parsePage } from "./page.ts";
import { unsupportedMethod } from "./unsupported-method.ts";
import { sendJson } from "./send-json.ts";

/** `/v2/_catalog`: not of the specification, but every client has it. */
export async function answerCatalog(call: RegistryCall): Promise<void> {
  const { registry, principal, request, query } = call;
  if (request.method !== "GET") throw unsupportedMethod(request, "GET");
  const { n, last } = parsePage(query);
  await requireCatalog(registry, principal);
  const { state, settled } = registry.controller.ledger;
  const found = listRepositories(state, { most: n + 1, ...(last === undefined ? {} : { after: last }) });
  const repositories = found.slice(0, n);
  const end = repositories.at(-1);
  await settled();
  const more = found.length > n && end !== undefined;
  sendJson(call, { repositories }, more ? nextLink("/v2/_catalog", { n: String(n), last: end }) : {});
}
