import { roles as keyRoles } from "../../evidence/evidence.ts";
import { IngotError } from "../../ground/error.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import { principalRoles, type PrincipalRole } from "../../policy/policy.ts";

/** A role of somebody, as a person writes it. Throws `usage`: keys have roles too, and some of their names are no roles of people. */
export function parsePrincipalRole(text: string): PrincipalRole {
  const found = principalRoles.find((role) => role === text);
  if (found !== undefined) return found;
  if (keyRoles.some((role) => role === text)) {
    throw new IngotError("usage", `${text} is a role of keys, and nobody's`, {
      hint: `--key FILE=${text} registers one; roles of people and workloads: ${principalRoles.join(", ")}`,
    });
  }
  const near = nearestWord(text, [...principalRoles]);
  const question = near === undefined ? "" : `; did you mean "${near}"?`;
  throw new IngotError("usage", `there is no role "${text}"${question}`, {
    hint: `roles: ${principalRoles.join(", ")}`,
  });
}
