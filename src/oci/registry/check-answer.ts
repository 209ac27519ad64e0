import { IngotError } from "../../ground/error.ts";
import { startOfBody } from "./body-chunks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RegistryRequest } from "./registry-request.ts";

/** Returns an answer that the request accepts, and throws the error that any other one means. */
export async function checkAnswer(response: Response, request: RegistryRequest, endpoint: Endpoint): Promise<Response> {
  if (request.accept.includes(response.status)) return response;
  const { status } = response;
  const { lines: details, hint: own, isPolicy } = await readErrors(response);
  const what = `${endpoint.registry} answered ${status} to ${request.method} of ${request.repository}`;
  if (status === 403 && isPolicy) {
    throw new IngotError("policy-denied", `the registry ${what}: no policy permits it`, {
      hint: own ?? "ingot policy explain IMAGE --for ENVIRONMENT",
      details,
    });
  }
  if (status === 401 || status === 403) {
    throw new IngotError("registry-denied", `the registry ${what}: not allowed`, {
      hint: own ?? `docker login ${endpoint.registry}, with an account that may ${request.access} there`,
      details,
    });
  }
  if (status === 404) {
    throw new IngotError("registry-missing", `the registry ${endpoint.registry} does not have ${wanted(request)}`, {
      hint: own ?? "check the repository, and the tag or digest",
      details,
    });
  }
  throw new IngotError("registry-failed", `the registry ${what}`, {
    hint: own ?? hintFor(status),
    details,
  });
}

/** What is refused once is refused again: only what is the registry's own trouble goes by itself. */
function hintFor(status: number): string {
  if (status === 409) return "what is there already stands in the way: push it under a new tag";
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    return "correct what the registry refuses, then run the same command again";
  return "try again later, or ask its operator";
}

/** The image that was asked for as a person writes it; an upload's address is the registry's own and may hold a token. */
function wanted({ url, repository }: RegistryRequest): string {
  const [, reference] = /^\/v2\/.*\/manifests\/([^/]+)$/.exec(url) ?? [];
  if (reference === undefined) return repository;
  return `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
}

type Told = {
  readonly lines: readonly string[];
  readonly hint?: string;
  /** A policy of a controller decided. */
  readonly isPolicy: boolean;
};

/** The registry's own words (distribution-spec, "Error Codes"). A controller of Ingot tells in `detail` what is missing, each with the command that supplies it, and what to type next. */
async function readErrors(response: Response): Promise<Told> {
  const text = await startOfBody(response).catch(() => "");
  try {
    const { errors } = JSON.parse(text) as { errors: readonly RegistryError[] };
    const hint = errors.map(({ detail }) => member(detail, "hint")).find(isCommand);
    return {
      lines: errors.slice(0, 5).flatMap(linesOf),
      isPolicy: errors.some(({ detail }) => member(detail, "code") === "policy-denied"),
      ...(hint === undefined ? {} : { hint }),
    };
  } catch {
    // Not in the specification's shape, so a proxy's page: the status says more.
    return { lines: [], isPolicy: false };
  }
}

/** Attack: a stranger's registry whose next step is `curl … | sh`. A hint is what people type, so only commands of Ingot are taken over. */
function isCommand(hint: unknown): hint is string {
  if (typeof hint !== "string" || hint.length > 300) return false;
  return hint.split(" && ").every((command) => /^ingot [A-Za-z0-9_@:.,/+= -]+$/.test(command));
}

type RegistryError = { readonly code?: unknown; readonly message?: unknown; readonly detail?: unknown };

function linesOf({ code, message, detail }: RegistryError): readonly string[] {
  const details = member(detail, "details");
  const missing = Array.isArray(details) ? details.filter((one) => typeof one === "string").slice(0, 30) : [];
  // Its message has all that, and the next step, in one line, for clients that show nothing else. A step that is no command stays there.
  const ends = [...(missing.length === 0 ? [] : [" ("]), ...(isCommand(member(detail, "hint")) ? [". Next: "] : [])];
  const said = ends.reduce((text, end) => text.split(end, 1)[0] ?? "", String(message));
  return [`${String(code)}: ${said}`.slice(0, 300), ...missing.map((one) => one.slice(0, 300))];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
