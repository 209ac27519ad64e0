import type { Decision, Principal } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { authorize, denied, describeResource, type Asked } from "../decisions/authorize.ts";
import { isOnRecord } from "../decisions/is-on-record.ts";
import { openGenerations } from "./generations.ts";

/** Decisions that are asked for again and again: a client pulls an image with a dozen requests, and a host its image again and again. */
export type Access = {
  /** Remembered until something happens that may change it, or until `until`. It goes on the record when it is new or another than the last one there. */
  readonly decide: (asked: Asked) => Promise<Decision>;
  /** Throws `policy-denied`. */
  readonly require: (asked: Asked) => Promise<void>;
  readonly close: () => void;
};

type Kept = { readonly decision: Decision; readonly generation: string };

/** Bounded, as what is asked for is a client's choice. */
const mostKept = 50_000;

export function openAccess(controller: Controller): Access {
  const { ledger } = controller;
  const generations = openGenerations(ledger);
  const kept = new Map<string, Kept>();
  const pending = new Map<string, Promise<Decision>>();
  const find = (key: string, asked: Asked): Decision | undefined => {
    const found = kept.get(key);
    if (found === undefined || found.generation !== generations.of(asked.image)) return undefined;
    const { until } = found.decision;
    return until === undefined || ledger.now().getTime() < until * 1000 ? found.decision : undefined;
  };
  const decide = async (key: string, asked: Asked): Promise<Decision> => {
    const generation = generations.of(asked.image);
    const decision = await decideAndRecord(controller, asked);
    // What happened meanwhile may be unknown to it.
    if (generations.of(asked.image) === generation) {
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? "");
      kept.set(key, { decision, generation });
    }
    return decision;
  };
  const decideOnce = (key: string, asked: Asked): Promise<Decision> => {
    const started = pending.get(key) ?? decide(key, asked).finally(() => pending.delete(key));
    pending.set(key, started);
    return started;
  };
  const access = async (asked: Asked): Promise<Decision> => {
    const key = keyOf(asked);
    return find(key, asked) ?? decideOnce(key, asked);
  };
  return {
    decide: access,
    require: async (asked) => {
      const decision = await access(asked);
      if (!decision.permit) throw denied(asked, decision);
    },
    close: generations.close,
  };
}

async function decideAndRecord(controller: Controller, asked: Asked): Promise<Decision> {
  const { ledger } = controller;
  const { result } = await ledger.transact((state) => {
    const { decision, event } = authorize(controller, state, asked);
    return { events: isOnRecord(state, asked, decision) ? [] : [event], result: decision };
  });
  // It may rest on what is not durable yet.
  await ledger.settled();
  return result;
}

function keyOf(asked: Asked): string {
  const { action, environment = "", image = "" } = asked;
  return `${principalKey(asked.principal)}\n${action}\n${environment}\n${image}\n${describeResource(asked.resource)}`;
}

const principalKeys = new WeakMap<Principal, string>();

/** Everything about a principal that policies see. */
function principalKey(principal: Principal): string {
  const known = principalKeys.get(principal);
  if (known !== undefined) return known;
  const { kind, name, groups, roles, environment } = principal;
  const key = JSON.stringify([kind, name, groups, roles, environment]);
  principalKeys.set(principal, key);
  return key;
}
