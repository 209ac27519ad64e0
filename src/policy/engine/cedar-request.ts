import type { AuthorizationCall, EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import type { DecisionView } from "../explain/view.ts";
import type { Action, Principal, Request } from "../policy.ts";
import { formatPrincipal } from "../principal-name.ts";
import type { UsedFacts } from "./used-facts.ts";

/** A request in Cedar's words, but for the policies. */
export type CedarRequest = Pick<AuthorizationCall, "principal" | "action" | "resource" | "context" | "entities">;

/** Actions whose context has the image, by the schema. */
const imageActions: ReadonlySet<Action> = new Set(["pull", "approve", "deploy", "promote", "rollback"]);

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** What of a request is sent. `used`: by default all facts; `roles`: instead of the principal's own, to ask who could. */
export type SentParts = { readonly used?: UsedFacts; readonly roles?: readonly string[] };

export function toCedarRequest(view: DecisionView, parts: SentParts = {}): CedarRequest {
  const { request } = view;
  const { used = () => true, roles = request.principal.roles } = parts;
  const principal = principalEntity(request.principal, roles);
  const resource = resourceEntity(request);
  return {
    principal: principal.uid,
    action: { type: "Action", id: request.action },
    resource: resource.uid,
    context: toContext(view, used),
    entities: [principal, resource],
  };
}

type Entity = EntityJson & { readonly uid: TypeAndId };

function principalEntity(principal: Principal, roles: readonly string[]): Entity {
  const type = { user: "User", workload: "Workload", instance: "Instance" }[principal.kind];
  const { environment } = principal;
  return {
    uid: { type, id: exact(principal.name) },
    attrs: {
      id: exact(formatPrincipal(principal)),
      ...(environment === undefined ? {} : { environment: exact(environment) }),
    },
    parents: [
      ...principal.groups.map((id) => ({ type: "Group", id: exact(id) })),
      ...roles.map((id) => ({ type: "Role", id: exact(id) })),
    ],
  };
}

function resourceEntity({ resource }: Request): Entity {
  switch (resource.kind) {
    case "image":
      return {
        uid: { type: "Image", id: exact(resource.repository) },
        attrs: { repository: exact(resource.repository) },
        parents: [],
      };
    case "service": {
      const { name, environment } = resource;
      const uid = { type: "Service", id: exact(`${environment}/${name}`) };
      const attrs = { name: exact(name), environment: exact(environment) };
      return { uid, attrs, parents: [{ type: "Environment", id: exact(environment) }] };
    }
    case "environment":
      return { uid: { type: "Environment", id: exact(resource.name) }, attrs: {}, parents: [] };
    case "controller":
      return { uid: { type: "Controller", id: "controller" }, attrs: {}, parents: [] };
  }
}

function toContext({ request, environment, image }: DecisionView, used: UsedFacts): AuthorizationCall["context"] {
  const date = new Date(request.now * 1000);
  const context = {
    now: Math.trunc(request.now),
    hour: date.getUTCHours(),
    weekday: weekdays[date.getUTCDay()],
    environment: { name: environment.name, approvals: environment.approvals },
    ...(hasReason(request) ? { breakGlass: request.breakGlass } : {}),
    ...(imageActions.has(request.action) ? { image: select(image, used) } : {}),
  };
  return exactly(select(context, used)) as AuthorizationCall["context"];
}

function select(record: object, used: UsedFacts): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => used(name)));
}

/** A broken glass needs a reason: one of spaces is none. */
export function hasReason({ breakGlass }: Request): boolean {
  return breakGlass !== undefined && breakGlass.trim() !== "";
}

function exactly(value: unknown): unknown {
  if (typeof value === "string") return exact(value);
  if (Array.isArray(value)) return value.map(exactly);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exactly(member)]));
}

/** Attack: half of a surrogate pair is no UTF-8, and all halves would become the same replacement character: two names would be one. */
function exact(text: string): string {
  if (text.isWellFormed()) return text;
  return text.replaceAll(/[\ud800-\udfff]/gu, (half) => `\\u{${half.charCodeAt(0).toString(16)}}`);
}
