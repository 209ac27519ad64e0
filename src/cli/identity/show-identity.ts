import type { Identity } from "../../controller/state/identities.ts";
import { shortId } from "../../evidence/keys/key-folder.ts";
import { formatColumns, formatTable } from "../format.ts";

/** A line a principal. */
export function formatIdentities(identities: readonly Identity[]): string {
  if (identities.length === 0) return "nobody is registered";
  const rows = identities.map((one) => [
    one.principal,
    one.roles.join(", ") || "none",
    one.groups.join(", ") || "none",
    describeKeys(one),
    one.removed ? "removed" : (one.environment ?? "any"),
  ]);
  return formatTable(["principal", "roles", "groups", "keys", "environment"], rows);
}

/** Everything about one. */
export function formatIdentity(one: Identity): string {
  const lines = formatColumns([
    ["principal", one.principal],
    ["roles", one.roles.join(", ") || "none"],
    ["groups", one.groups.join(", ") || "none"],
    ["emails", one.emails.join(", ") || "none"],
    ["environment", one.environment ?? "any"],
  ]);
  const keys = one.keys.map(({ id, use, status }) => [shortId(id), use, status]);
  return [...lines, "", ...(keys.length === 0 ? ["no keys"] : [formatTable(["key", "use", "status"], keys)])].join(
    "\n",
  );
}

function describeKeys({ keys }: Identity): string {
  const active = keys.filter(({ status }) => status === "active").map(({ use }) => use);
  return [...new Set(active)].join(", ") || "none";
}
