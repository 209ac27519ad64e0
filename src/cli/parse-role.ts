import { roles, type Role } from "../evidence/evidence.ts";
import { IngotError } from "../ground/error.ts";
import { nearestWord } from "../ground/nearest-word.ts";

/** A role as a person writes it. Throws `usage`. */
export function parseRole(text: string): Role {
  const found = roles.find((role) => role === text);
  if (found !== undefined) return found;
  const nearest = nearestWord(text, [...roles]);
  const question = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  throw new IngotError("usage", `there is no role "${text}"${question}`, { hint: `roles: ${roles.join(", ")}` });
}
