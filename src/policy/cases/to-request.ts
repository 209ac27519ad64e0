import type { Action, Principal, Request } from "../policy.ts";
import type { WrittenCase, WrittenGiven } from "./case-schema.ts";
import { toImageFacts } from "./to-image-facts.ts";

/** What an action is about where a case does not say it. */
const usualResource: Readonly<Record<Action, Request["resource"]["kind"]>> = {
  push: "image",
  pull: "image",
  approve: "image",
  revoke: "image",
  deploy: "service",
  promote: "service",
  rollback: "service",
  replace: "service",
  debug: "service",
  administer: "controller",
  audit: "controller",
};

/** What a case asks: its own members before those of `given`; of an image, each member for itself. */
export function toRequest(given: WrittenGiven, one: WrittenCase): Request {
  const merged = { ...given, ...withoutAbsent(one) };
  const image = { ...given.image, ...one.image };
  const { action = "deploy", repository = "shop/web", service = "web" } = merged;
  const now = Date.parse(merged.now ?? "2026-11-23T10:00:00Z") / 1000;
  const environment = toEnvironment(merged.environment);
  const name = environment?.name ?? "";
  return {
    principal: toPrincipal(merged.principal),
    action,
    now,
    resource: toResource(merged.resource ?? usualResource[action], { repository, service, environment: name }),
    ...(environment === undefined ? {} : { environment }),
    image: toImageFacts(image, { environment: name, now, repository }),
    ...(merged.break_glass === undefined ? {} : { breakGlass: merged.break_glass }),
  };
}

function withoutAbsent<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function toEnvironment(written: WrittenCase["environment"]): Request["environment"] {
  return typeof written === "string" ? { name: written, approvals: 0 } : written;
}

/** Nobody in particular may do nothing. */
function toPrincipal(written: WrittenCase["principal"]): Principal {
  if (written === undefined) return { kind: "user", name: "somebody", groups: [], roles: [] };
  const { user, workload, instance, groups, roles, token_for: environment } = written;
  const named = { groups, roles, ...(environment === undefined ? {} : { environment }) };
  if (user !== undefined) return { kind: "user", name: user, ...named };
  if (workload !== undefined) return { kind: "workload", name: workload, ...named };
  return { kind: "instance", name: instance ?? "", ...named };
}

function toResource(
  kind: Request["resource"]["kind"],
  {
    repository,
    service,
    environment,
  }: { readonly repository: string; readonly service: string; readonly environment: string },
): Request["resource"] {
  switch (kind) {
    case "image":
      return { kind, repository };
    case "service":
      return { kind, name: service, environment };
    case "environment":
      return { kind, name: environment };
    case "controller":
      return { kind };
  }
}
