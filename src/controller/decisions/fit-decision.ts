import type { Decision, MissingFact } from "../../policy/policy.ts";

/** Bytes of JSON: with who asked and for what it fits into an event, which may have 65,535. */
const mostBytes = 24_000;

/**
 * A decision as it is put on the record. Attack, or a long-winded policy: hundreds of rules that forbid, each with a page to say, are no event any more; then nobody could be told, and a broken glass
 * could not be recorded. The first of them stay, and the last one says how many more there are.
 */
export function fitDecision(decision: Decision): Decision {
  const { missing, lifted, policies } = decision;
  return {
    ...decision,
    missing: fitFacts(missing),
    ...(lifted === undefined ? {} : { lifted: fitFacts(lifted) }),
    policies: fitNames(policies),
  };
}

function fitFacts(facts: readonly MissingFact[]): readonly MissingFact[] {
  const shown = takeFitting(facts);
  const more = facts.length - shown.length;
  return more === 0 ? facts : [...shown, { policy: "more", missing: `${more} more rules stand against it` }];
}

/** The end stays: there it says that the glass was broken. */
function fitNames(names: readonly string[]): readonly string[] {
  const shown = takeFitting(names.slice(0, -1));
  return shown.length >= names.length - 1 ? names : [...shown, "more", ...names.slice(-1)];
}

function takeFitting<T>(items: readonly T[]): readonly T[] {
  let room = mostBytes / 2;
  const end = items.findIndex((item) => (room -= Buffer.byteLength(JSON.stringify(item)) + 1) < 0);
  return end === -1 ? items : items.slice(0, end);
}
