import { placeholders } from "../explain/placeholders.ts";
import { printable, printableList } from "../explain/printable.ts";
import type { DecisionView } from "../explain/view.ts";
import { principalRoles, type MissingFact } from "../policy.ts";
import { formatPrincipal } from "../principal-name.ts";
import { toCedarRequest } from "./cedar-request.ts";
import type { CompiledPolicies } from "./compiled.ts";
import type { Evaluator } from "./evaluator.ts";

/** The name by which `missing` says that no rule permits. */
const noPermitName = "no-permit";

/** Nothing permits it: who could, by the roles that are named in the rules that would permit the same to somebody with every role. */
export function findNoPermit(evaluate: Evaluator, policies: CompiledPolicies, view: DecisionView): MissingFact {
  const { principal } = view.request;
  const { permits } = evaluate(policies, toCedarRequest(view, { used: policies.used, roles: principalRoles }));
  const named = new Set(permits.flatMap(({ json }) => namedRoles(json)));
  const could = principalRoles.filter((role) => named.has(role));
  const has =
    principal.roles.length === 0
      ? "no role"
      : `the role${principal.roles.length === 1 ? "" : "s"} ${printableList(principal.roles)}`;
  const asked = `${view.request.action} ${placeholders.resource.fill(view)}`;
  const who = could.length === 0 ? "no role may" : `the role ${could.join(" or ")} may`;
  const [first] = could;
  return {
    policy: noPermitName,
    missing: printable(`nothing permits ${formatPrincipal(principal)}, who has ${has}, to ${asked}; ${who}`, 1000),
    ...(first === undefined ? {} : { supply: "ingot identity list" }),
  };
}

/** The ids of `Role::"…"` in a rule, wherever they stand. */
function namedRoles(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("type" in value && value.type === "Role" && "id" in value) return [String(value.id)];
  return Object.values(value).flatMap(namedRoles);
}
