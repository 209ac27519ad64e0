import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { findIdentity, listIdentitiesByEmail } from "../state/identities.ts";

/** Attack, or a slip: one person with two accounts approves twice. An address is one person's; of who was removed it may be taken over. Throws `identity-exists`. */
export function assertOwnAddresses(state: Database, principal: string, emails: readonly string[]): void {
  for (const email of emails) {
    const other = listIdentitiesByEmail(state, email).find(
      (one) => one !== principal && findIdentity(state, one)?.removed === false,
    );
    if (other === undefined) continue;
    throw new IngotError("identity-exists", `the address ${JSON.stringify(email)} is that of ${other} already`, {
      hint: "a person has one account, so that nobody approves twice: ingot identity change, add-key or enrol",
    });
  }
}
