import * as z from "zod";
import { statementKinds, type StatementKind } from "../../evidence/evidence.ts";
import { actions, principalRoles } from "../policy.ts";

const kinds = Object.keys(statementKinds) as [StatementKind, ...StatementKind[]];

const text = (expected: string): z.ZodString =>
  z.string({ error: expected }).min(1, { error: expected }).max(1000, { error: expected });
const texts = (expected: string) => z.array(text(expected), { error: `a list: ${expected}` });

/** `26h`, `10d`. */
const age = z.string({ error: ageText() }).regex(/^(?:0|[1-9][0-9]{0,8})[smhdw]$/, { error: ageText() });
const fixAge = z.union([age, z.literal("unknown")], { error: `${ageText()}, or unknown` });
const who = text("who it is, such as user:alice or workload:ci").regex(/^(?:user|workload|instance):/, {
  error: "who it is, such as user:alice or workload:ci",
});

const environment = z.union(
  [
    text("an environment's name"),
    z.strictObject({ name: text("an environment's name"), approvals: z.int().min(0).max(20).default(0) }),
  ],
  { error: "an environment's name, or {name: …, approvals: 0 to 20}" },
);

const scan = z.strictObject({
  age: age.default("0s"),
  gaps: z.int({ error: "how many packages" }).min(0).default(0),
  exploited: texts("an id such as CVE-2026-1").default([]),
  critical: z.array(fixAge).default([]),
  high: z.array(fixAge).default([]),
  unrated: z.array(fixAge).default([]),
});

const tests = z.union(
  [
    z.literal("passed"),
    z.literal("failed"),
    z.strictObject({
      passed: z.boolean().default(true),
      failed: texts("a test's name").default([]),
      age: age.default("0s"),
    }),
  ],
  { error: "passed, failed, or {passed: …, failed: […], age: …}" },
);

const approval = z.union(
  [
    who,
    z.strictObject({
      by: who,
      environment: text("an environment's name").optional(),
      verdict: z.enum(["approve", "reject"]).default("approve"),
      expires: age.default("1d"),
    }),
  ],
  { error: "who approved, or {by: …, environment: …, verdict: approve or reject, expires: in how long}" },
);

/** What is known about an image, in short. `null` takes away what `given` has. */
const image = z
  .strictObject({
    statements: z.union([z.array(z.enum(kinds)), z.partialRecord(z.enum(kinds), z.array(who))], {
      error: `a list of ${kinds.join(", ")}, or a mapping of them to who made them`,
    }),
    repositories: texts("a repository"),
    authors: z.array(who),
    scan: scan.nullable(),
    tests: tests.nullable(),
    approvals: z.array(approval),
    revoked: z.union([z.literal(false), text("what was revoked")], { error: "what was revoked, or false" }),
    released: z.boolean(),
    uncounted: z.partialRecord(z.enum(kinds), text("why it does not count")),
  })
  .partial();

const principal = z
  .strictObject({
    user: text("a name").optional(),
    workload: text("a name").optional(),
    instance: text("a name").optional(),
    roles: z.array(z.enum(principalRoles)).default([]),
    groups: texts("a group").default([]),
    token_for: text("an environment's name").optional(),
  })
  .refine((one) => [one.user, one.workload, one.instance].filter((name) => name !== undefined).length === 1, {
    error: "exactly one of user, workload and instance",
  });

const asked = z.strictObject({
  principal,
  action: z.enum(actions),
  environment,
  image,
  /** What it is about, where it is not what the action is usually about. */
  resource: z.enum(["image", "service", "environment", "controller"]),
  repository: text("a repository, such as shop/web"),
  service: text("a service's name"),
  now: z.iso.datetime({ error: "a time such as 2026-11-23T10:00:00Z" }),
  break_glass: text("a reason"),
});

const ids = texts("an @id");

const oneCase = z
  .strictObject({
    name: text("what the case is about"),
    ...asked.partial().shape,
    expect: z.enum(["permit", "deny"], { error: "permit or deny" }),
    missing: ids.optional(),
    lifted: ids.optional(),
  })
  .refine((one) => one.expect === "deny" || one.missing === undefined, {
    path: ["missing"],
    error: "nothing where a permit is expected",
  });

/** A `*.cases.yaml`. */
export const caseFileSchema = z.strictObject({
  given: asked.partial().default({}),
  cases: z.array(oneCase, { error: "a list of cases" }).min(1, { error: "at least one case" }).max(2000),
});

export type WrittenCases = z.output<typeof caseFileSchema>;
export type WrittenCase = WrittenCases["cases"][number];
export type WrittenGiven = WrittenCases["given"];
export type WrittenImage = NonNullable<WrittenCase["image"]>;

function ageText(): string {
  return "an age such as 30m, 26h or 10d";
}
