import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { listIdentities } from "../state/identities.ts";

/** Whether somebody can administer the controller: an admin who can sign in with a key, or whom an issuer's rule makes one. `but`: a principal that does not count. */
export function hasAdmin(
  { settings: { issuers } }: Pick<Controller, "settings">,
  state: Database,
  but?: string,
): boolean {
  const byRule = issuers.some(({ rules }) => rules.some(({ roles }) => roles.includes("admin")));
  return (
    byRule ||
    listIdentities(state).some(
      ({ principal, removed, roles, keys }) =>
        principal !== but &&
        !removed &&
        roles.includes("admin") &&
        keys.some(({ use, status }) => use === "identity" && status === "active"),
    )
  );
}
