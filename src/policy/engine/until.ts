import { clockTolerance } from "../facts/age.ts";
import type { DecisionView } from "../explain/view.ts";
import type { TimeFact, TimeUse } from "./time-use.ts";

/**
 * The next moment at which time alone may change a decision; undefined for never. It may name one at which nothing changes, never the reverse. Each fact that grows old has a moment
 * it counts from, and each number that a rule compares it with gives the moment when it gets there.
 */
export function findUntil(view: DecisionView, time: TimeUse): number | undefined {
  const { now } = view.request;
  const moments = [...approvalMoments(view), ...limitMoments(view, time)];
  if (time.hasHours) moments.push((Math.floor(now / 3600) + 1) * 3600);
  // A rule reckons with time in a way that nothing is known of.
  if (time.isOpen) moments.push(now + 60);
  const next = Math.min(...moments.filter((one) => Number.isFinite(one) && one > now).map(Math.ceil));
  return Number.isFinite(next) ? next : undefined;
}

function approvalMoments({ facts, environment }: DecisionView): readonly number[] {
  return facts.approvals.filter((one) => one.environment === environment.name).map(({ expires }) => expires);
}

function limitMoments(view: DecisionView, time: TimeUse): number[] {
  return [...time.limits].flatMap(([fact, limits]) =>
    startsOf(fact, view).flatMap((start) => [
      start - clockTolerance,
      start,
      ...limits.flatMap((limit) => [start + limit, start + limit + 1]),
    ]),
  );
}

/** The moments that a fact counts from; 0 for the time itself. */
function startsOf(fact: TimeFact, { facts }: DecisionView): readonly number[] {
  const fixable = facts.scan?.fixable ?? [];
  switch (fact) {
    case "now":
      return [0];
    case "scan":
      return facts.scan === undefined ? [] : [facts.scan.finished];
    case "tests":
      return facts.tests === undefined ? [] : [facts.tests.finished];
    case "critical":
      return oldest(fixable.filter(({ severity }) => severity === "critical"));
    case "high":
      return oldest(fixable.filter(({ severity }) => severity !== "critical"));
  }
}

function oldest(fixable: readonly { readonly since: number }[]): readonly number[] {
  return fixable.length === 0 ? [] : [Math.min(...fixable.map(({ since }) => since))];
}
