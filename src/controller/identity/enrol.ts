import { IngotError } from "../../ground/error.ts";
import type { NewEvent } from "../../ledger/event.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import type { RegisteredKey } from "../events/identity-events.ts";
import { findIdentity } from "../state/identities.ts";
import { findEnrolments, type Enrolment } from "../state/sign-ins.ts";
import { assertDistinct } from "./add-identity.ts";
import { isSameHash, readEnrolmentCode } from "./enrolment-code.ts";
import { hasAdmin } from "./find-admins.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { assertRegistrable } from "./registrable-name.ts";
import { readOfferedKey, type OfferedKey } from "./possession.ts";
import { registerKeys } from "./register-keys.ts";
import { signInOf } from "./sign-in.ts";

export type Enrolling = {
  readonly code: string;
  /** Of the first admin alone: the name to have. */
  readonly name?: string;
  readonly keys: readonly OfferedKey[];
};

/**
 * Registers the keys of whoever has the code, which then is used up. What is registered as that very key already, and active, stays as it is: who forgot a role's key comes again. Throws `enrolment-invalid`, `too-many-attempts`, `identity-exists`, `key-registered`, and what reading the keys throws.
 */
export async function enrol(controller: Controller, enrolling: Enrolling): Promise<{ readonly principal: string }> {
  const code = readEnrolmentCode(enrolling.code);
  if (code === undefined) throw wrongCode("it is not of 25 digits and letters", typed);
  const { attempts } = signInOf(controller);
  attempts.assertAllowed(code.id);
  assertHasIdentityKey(enrolling.keys);
  const keys: RegisteredKey[] = [];
  for (const key of enrolling.keys) keys.push(await readOfferedKey(controller, key, code.hash));
  const { result } = await controller.ledger.transact((state) => {
    const enrolment = findEnrolment(controller, state, code);
    const principal = principalOf(controller, enrolment, enrolling.name);
    const events = [
      ...(enrolment.isFirst ? [firstAdmin(controller, state, principal)] : []),
      ...registerKeys(state, { actor: principal, principal, keys: keys.filter(isNew(state, principal)) }),
      makeEvent(principal, "enrolment.used", { principal, hash: code.hash }),
    ];
    return { events, result: { principal } };
  });
  return result;
}

/** Not for what was retired or revoked, nor for another use: that is refused. */
function isNew(state: Database, principal: string): (key: RegisteredKey) => boolean {
  const known = findIdentity(state, principal)?.keys ?? [];
  return ({ id, use }) => !known.some((one) => one.id === id && one.use === use && one.status === "active");
}

type Code = NonNullable<ReturnType<typeof readEnrolmentCode>>;

/** Within the transaction, so that of two who use a code at once one comes second. */
function findEnrolment(controller: Controller, state: Database, { id, hash }: Code): Enrolment {
  const { now, attempts } = signInOf(controller);
  attempts.assertAllowed(id);
  const open = findEnrolments(state, id);
  const found = open.find((one) => isSameHash(one.hash, hash));
  if (found === undefined) {
    if (open.length > 0) attempts.countWrong(id);
    throw wrongCode("it is wrong", typed);
  }
  if (found.isUsed) throw wrongCode("it was used before");
  if (now() >= found.expires) throw wrongCode("it has expired");
  return found;
}

function principalOf({ settings }: Controller, enrolment: Enrolment, name: string | undefined): string {
  if (!enrolment.isFirst) {
    if (
      name === undefined ||
      formatPrincipal({ kind: "user", name }) === enrolment.principal ||
      name === enrolment.principal
    ) {
      return enrolment.principal;
    }
    throw wrongCode(`it is of ${enrolment.principal}, and not of ${JSON.stringify(name.slice(0, 100))}`);
  }
  const chosen = name ?? "admin";
  assertRegistrable(chosen, settings.issuers);
  return formatPrincipal({ kind: "user", name: chosen });
}

function firstAdmin(controller: Controller, state: Database, principal: string): NewEvent {
  // Attack: a code that was printed long ago, in a log, when there was nobody yet.
  if (hasAdmin(controller, state)) throw wrongCode("it was of the first admin, and there is one by now");
  const known = findIdentity(state, principal);
  // Attack: whoever reads the console becomes somebody whom history knows. An admin whose key was lost comes back under the same name.
  if (known !== undefined && (known.removed || !known.roles.includes("admin"))) throw taken(principal);
  assertDistinct(state, principal);
  const { groups = [], roles = ["admin"], emails = [] } = known ?? {};
  return makeEvent(principal, "identity.added", { principal, kind: "user", groups, roles, emails });
}

function taken(principal: string): IngotError {
  return new IngotError("identity-exists", `history knows somebody else as ${principal}`, {
    hint: "run the same command again with another --name",
  });
}

function assertHasIdentityKey(keys: readonly OfferedKey[]): void {
  if (keys.filter(({ use }) => use === "identity").length === 1) return;
  throw new IngotError("assertion-invalid", "expected one key to sign in with, of the use identity", {
    hint: "ingot login URL --enrol CODE makes it",
  });
}

function wrongCode(why: string, hint = another): IngotError {
  return new IngotError("enrolment-invalid", `the code of enrolment is not taken: ${why}`, { hint });
}

const another =
  "an admin opens another one: ingot identity enrol NAME; the first admin's comes with the next start of `ingot serve`";
const typed =
  "copy it whole, as it was printed: five groups of five; a newer one takes its place, and five wrong tries close it";
