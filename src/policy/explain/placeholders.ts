import { formatPrincipal } from "../principal-name.ts";
import { printable, printableList, sayAge } from "./printable.ts";
import type { DecisionView } from "./view.ts";

/** What may stand in braces in `@missing` and `@supply`. docs/policy.md has the same table; a test keeps them equal. */
export const placeholders = {
  action: { means: "what was asked: `deploy`", fill: ({ request }) => request.action },
  principal: { means: "who asked: `user:alice`", fill: ({ request }) => printable(formatPrincipal(request.principal)) },
  resource: { means: "what it is about: `service web in production`", fill: describeResource },
  image: {
    means: "the first 12 digits of the image's digest, by which commands find it",
    fill: ({ facts }) => shortImage(facts.digest),
  },
  reference: { means: "repository and whole digest: `shop/web@sha256:…`", fill: fullReference },
  environment: { means: "the environment's name", fill: ({ environment }) => printable(environment.name) },
  environmentOrNone: {
    means: "the same, or `no environment`",
    fill: ({ environment }) => printable(environment.name || "no environment"),
  },
  tokenEnvironment: {
    means: "the environment that the token is for",
    fill: ({ request }) => printable(request.principal.environment ?? "none"),
  },
  needed: {
    means: "how many people must approve: `2 people`",
    fill: ({ environment }) => count(environment.approvals, "person", "people"),
  },
  approved: { means: "who did: `1 has (user:alice)`, `nobody has`", fill: ({ image }) => sayApproved(image.approvers) },
  notCounted: {
    means: "approvals that do not count, with the reason; empty where there are none",
    fill: sayNotCounted,
  },
  rejectedBy: { means: "whose rejection stands, and why: `user:carol (not yet)`", fill: sayRejected },
  authors: { means: "the image's authors", fill: ({ facts }) => printableList(facts.authors) },
  builders: {
    means: "whose keys made its signatures and provenance",
    fill: ({ image }) => printableList(image.builders),
  },
  revocations: { means: "what was revoked, and why", fill: ({ facts }) => sayRevocations(facts.revocations) },
  scanAge: {
    means: "the age of the newest scan: `26 hours`",
    fill: ({ image, request }) => sayMoment(image.scan?.age, request.now),
  },
  gaps: {
    means: "how many packages the scan can say nothing about",
    fill: ({ image }) => String(image.scan?.gaps ?? "all"),
  },
  exploited: {
    means: "ids of findings that are known to be exploited",
    fill: ({ image }) => printableList(image.scan?.exploited ?? []),
  },
  criticals: {
    means: "how many critical findings have a fix",
    fill: ({ image }) => String(image.scan?.fixableCritical ?? 0),
  },
  criticalIds: {
    means: "their ids, the oldest fix first",
    fill: ({ facts }) => sayFixable(facts.scan?.fixable ?? [], isCritical),
  },
  oldestCritical: {
    means: "for how long the oldest of these fixes has been there",
    fill: ({ image, request }) => sayFixAge(image.scan?.oldestFixableCritical, request.now),
  },
  highs: {
    means: "how many findings that are high, or rated by nobody, have a fix",
    fill: ({ image }) => String(image.scan?.fixableHigh ?? 0),
  },
  highIds: {
    means: "their ids, the oldest fix first",
    fill: ({ facts }) => sayFixable(facts.scan?.fixable ?? [], (one) => !isCritical(one)),
  },
  oldestHigh: {
    means: "for how long the oldest of these fixes has been there",
    fill: ({ image, request }) => sayFixAge(image.scan?.oldestFixableHigh, request.now),
  },
  failed: { means: "names of the tests that failed", fill: ({ facts }) => sayFailed(facts.tests?.failed ?? []) },
  "uncounted:KIND": {
    means: "statements of this kind that are there and do not count, with the reason; empty where there are none",
    fill: sayUncounted,
  },
} as const satisfies Record<
  string,
  { readonly means: string; readonly fill: (view: DecisionView, argument: string) => string }
>;

export type Placeholder = keyof typeof placeholders;

type Fixable = NonNullable<DecisionView["facts"]["scan"]>["fixable"][number];

function describeResource({ request: { resource } }: DecisionView): string {
  switch (resource.kind) {
    case "image":
      return `image ${printable(resource.repository)}`;
    case "service":
      return `service ${printable(resource.name)} in ${printable(resource.environment)}`;
    case "environment":
      return `environment ${printable(resource.name)}`;
    case "controller":
      return "the controller";
  }
}

function shortImage(digest: string): string {
  return printable(digest.slice(digest.indexOf(":") + 1).slice(0, 12));
}

function fullReference({ facts, request: { resource, repository: named } }: DecisionView): string {
  const repository = resource.kind === "image" ? resource.repository : (named ?? facts.repositories[0]);
  return repository === undefined ? printable(facts.digest) : printable(`${repository}@${facts.digest}`, 400);
}

function count(number: number, one: string, more: string): string {
  return number === 1 ? `1 ${one}` : `${number} ${more}`;
}

function sayApproved(approvers: readonly string[]): string {
  if (approvers.length === 0) return "nobody has";
  return `${approvers.length} ${approvers.length === 1 ? "has" : "have"} (${printableList(approvers)})`;
}

function sayNotCounted({ words }: DecisionView): string {
  if (words.notCounted.length === 0) return "";
  return `; does not count: ${printableList(words.notCounted.map(({ by, reason }) => `${by}, who ${reason}`))}`;
}

function sayRejected({ image, facts, environment }: DecisionView): string {
  const reasonOf = (by: string): string | undefined =>
    facts.approvals.find((one) => one.by === by && one.verdict === "reject" && one.environment === environment.name)
      ?.reason;
  return printableList(
    image.rejectedBy.map((by) => {
      const reason = reasonOf(by);
      return reason === undefined ? by : `${by} (${reason})`;
    }),
  );
}

function sayRevocations(revocations: DecisionView["facts"]["revocations"]): string {
  return printableList(revocations.map(({ what, reason }) => (what === "itself" ? reason : `${what} (${reason})`)));
}

function sayMoment(age: number | undefined, now: number): string {
  if (age === undefined) return "of no known age";
  return age === now ? "of no known age, since it is dated in the future," : sayAge(age);
}

function sayFixAge(age: number | undefined, now: number): string {
  return age === now ? "an unknown time" : sayAge(age ?? 0);
}

function isCritical({ severity }: Fixable): boolean {
  return severity === "critical";
}

function sayFixable(fixable: readonly Fixable[], isMeant: (one: Fixable) => boolean): string {
  return printableList(
    fixable
      .filter(isMeant)
      .toSorted((a, b) => a.since - b.since)
      .map(({ id }) => id),
  );
}

function sayFailed(failed: readonly string[]): string {
  return failed.length === 0 ? "the result names no test" : printableList(failed);
}

function sayUncounted({ facts }: DecisionView, kind: string): string {
  const reasons = facts.uncounted.filter((one) => one.kind === kind).map(({ reason }) => reason);
  return reasons.length === 0 ? "" : `; there is one that does not: ${printableList([...new Set(reasons)])}`;
}
