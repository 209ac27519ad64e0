import type { KeyObject } from "node:crypto";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { openAttempts, type Attempts } from "./attempts.ts";
import { openIssuerKeys, type IssuerKeys } from "./issuer-keys.ts";
import { readTokenKeys, type TokenKeys } from "./token-key.ts";

/** A token that was checked, and until when that is good. `generation`: what identities said then. */
export type CheckedToken = {
  readonly principal: Principal;
  readonly id: string;
  readonly expires: number;
  readonly generation: number;
};

/** What one process remembers for signing people in; nothing of it needs to outlive the process. */
export type SignIn = {
  readonly tokenKeys: () => TokenKeys;
  readonly checkKey: (id: string) => KeyObject | undefined;
  /** By SHA-256 of the token. */
  readonly checked: Map<string, CheckedToken>;
  /** Raised by everything that changes who somebody is, or whose key counts. */
  readonly generation: () => number;
  /** Seconds since 1970; never less than it was. Attack: a clock that is turned back makes an expired token good again. */
  readonly now: () => number;
  readonly attempts: Attempts;
  readonly issuerKeys: IssuerKeys;
};

/** One for each open controller, by its ledger: there is one of it. */
const open = new WeakMap<Ledger, SignIn>();

export function signInOf(controller: Controller): SignIn {
  const known = open.get(controller.ledger);
  if (known !== undefined) return known;
  const made = openSignIn(controller);
  open.set(controller.ledger, made);
  return made;
}

function openSignIn({ ctx, ledger }: Controller): SignIn {
  const checked = new Map<string, CheckedToken>();
  let generation = 0;
  ledger.subscribe(({ type }) => {
    if (!changing.test(type)) return;
    generation += 1;
    checked.clear();
  });
  let latest = 0;
  const now = (): number => {
    latest = Math.max(latest, Math.floor(ledger.now().getTime() / 1000));
    return latest;
  };
  let keys: TokenKeys | undefined;
  let readAt = 0;
  const tokenKeys = (): TokenKeys => {
    // Now and then anew: a key that has become old is replaced also in a controller that never ends.
    if (keys === undefined || now() >= readAt + 600) {
      readAt = now();
      keys = readTokenKeys(ctx, readAt);
    }
    return keys;
  };
  return {
    tokenKeys,
    checkKey: (id) => tokenKeys().check.get(id),
    checked,
    generation: () => generation,
    now,
    attempts: openAttempts(now),
    issuerKeys: openIssuerKeys(ctx, now),
  };
}

const changing = /^(?:identity\.|key\.|revocation\.made$|controller\.configured$)/;
