import { IngotError } from "../../ground/error.ts";
import { startOfBody } from "./body-chunks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RegistryRequest } from "./http.ts";

/** Returns an answer that the request accepts, and throws the error that any other one means. */
export async function checkAnswer(response: Response, request: RegistryRequest, endpoint: Endpoint): Promise<Response> {
  if (request.accept.includes(response.status)) return response;
  const { status } = response;
  const details = await errorLines(response);
  const what = `${endpoint.registry} answered ${status} to ${request.method} of ${request.repository}`;
  if (status === 401 || status === 403) {
    throw new IngotError("registry-denied", `the registry ${what}: not allowed`, {
      hint: `docker login ${endpoint.registry}, with an account that may ${request.access} there`,
      details,
    });
  }
  if (status === 404) {
    throw new IngotError("registry-missing", `the registry ${endpoint.registry} does not have ${wanted(request)}`, {
      hint: "check the repository, and the tag or digest",
      details,
    });
  }
  throw new IngotError("registry-failed", `the registry ${what}`, {
    hint: "try again later, or ask its operator",
    details,
  });
}

/** The image that was asked for as a person writes it; an upload's address is the registry's own and may hold a token. */
function wanted({ url, repository }: RegistryRequest): string {
  const [, reference] = /^\/v2\/.*\/manifests\/([^/]+)$/.exec(url) ?? [];
  if (reference === undefined) return repository;
  return `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
}

/** The registry's own words (distribution-spec, "Error Codes"). */
async function errorLines(response: Response): Promise<string[]> {
  const text = await startOfBody(response).catch(() => "");
  try {
    const { errors } = JSON.parse(text) as { errors: { code?: unknown; message?: unknown }[] };
    return errors.slice(0, 5).map(({ code, message }) => `${String(code)}: ${String(message)}`.slice(0, 300));
  } catch {
    // Not in the specification's shape, so a proxy's page: the status says more.
    return [];
  }
}
