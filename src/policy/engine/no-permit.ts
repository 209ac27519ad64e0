import { placeholders } from "../explain/placeholders.ts";
import { printable, printableList } from "../explain/printable.ts";
import type { DecisionView } from "../explain/view.ts";
import { principalRoles, type MissingFact } from "../policy.ts";
import { principalId } from "../principal-id.ts";
import { toCedarRequest } from "./cedar-request.ts";
import type { CompiledPolicies } from "./compiled.ts";
import type { Evaluator } from "./evaluator.ts";

/** The name by which `missing` says that no rule permits. */
export const noPermitName = "no-permit";

/** Nothing permits it: who could, found by asking the same with each role in turn. */
export function findNoPermit(evaluate: Evaluator, policies: CompiledPolicies, view: DecisionView): MissingFact {
  const { principal } = view.request;
  const could = principalRoles.filter((role) => evaluate(policies, "permits", toCedarRequest(view, [role])).isAllowed);
  const has =
    principal.roles.length === 0
      ? "no role"
      : `the role${principal.roles.length === 1 ? "" : "s"} ${printableList(principal.roles)}`;
  const asked = `${view.request.action} ${placeholders.resource.fill(view)}`;
  const who = could.length === 0 ? "no role may" : `the role ${could.join(" or ")} may`;
  const [first] = could;
  return {
    policy: noPermitName,
    missing: printable(`nothing permits ${principalId(principal)}, who has ${has}, to ${asked}; ${who}`, 1000),
    ...(first === undefined ? {} : { supply: "ingot identity list" }),
  };
}
