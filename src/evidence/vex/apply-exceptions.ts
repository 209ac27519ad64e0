import type { Exception, Finding } from "../scan/finding.ts";
import { namesOf } from "../scan/finding-ids.ts";
import { matchPackages } from "./match-product.ts";
import { isExpired, suppresses, type VexStatement } from "./statement.ts";
import type { SubjectPackage, VexSubject } from "./subject.ts";

export type Excepted = { readonly findings: readonly Finding[]; readonly notes: readonly string[] };

/**
 * Gives each finding the statement that counts for it: the latest one that has not expired and covers every installed package of the finding. Whatever a
 * statement does not reach is told in the notes: an exception that silently misses is taken for one that works.
 */
export function applyExceptions(
  findings: readonly Finding[],
  statements: readonly VexStatement[],
  { subject, now }: { readonly subject: VexSubject; readonly now: Date },
): Excepted {
  if (statements.length === 0) return { findings, notes: [] };
  const byName = indexFindings(findings);
  const matches = statements.map((statement) => matchStatement(statement, byName, subject));
  const counting = matches.filter(({ statement }) => !isExpired(statement.expires, now));
  const chosen = new Map<Finding, VexStatement>();
  for (const { statement, covered } of counting.toSorted(byTime)) {
    for (const finding of covered) chosen.set(finding, statement);
  }
  return {
    findings: findings.map((finding) => {
      const statement = chosen.get(finding);
      return statement === undefined ? finding : { ...finding, exception: toException(statement) };
    }),
    notes: matches.flatMap((match) => noteMatch(match, now)),
  };
}

type Match = {
  readonly statement: VexStatement;
  readonly packages: ReadonlySet<SubjectPackage>;
  /** Findings of its vulnerability in what it is about, all of whose packages it covers. */
  readonly covered: readonly Finding[];
  /** Those of which it covers only some packages. */
  readonly partly: readonly { readonly finding: Finding; readonly missing: readonly string[] }[];
};

function indexFindings(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const byName = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const name of namesOf(finding)) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [finding]);
      else known.push(finding);
    }
  }
  return byName;
}

function matchStatement(
  statement: VexStatement,
  byName: ReadonlyMap<string, readonly Finding[]>,
  subject: VexSubject,
): Match {
  const packages = matchPackages(statement, subject);
  const named = new Set(statement.vulnerabilities.flatMap((name) => byName.get(name) ?? []));
  const reaches = [...named].map((finding) => {
    const affected = subject.packages.filter((one) => isOf(one, finding));
    const missing = affected.filter((one) => !packages.has(one)).map(({ name }) => name);
    return { finding, missing, isTouched: affected.length > missing.length };
  });
  const touched = reaches.filter(({ isTouched }) => isTouched);
  return {
    statement,
    packages,
    covered: touched.filter(({ missing }) => missing.length === 0).map(({ finding }) => finding),
    partly: touched.filter(({ missing }) => missing.length > 0),
  };
}

function isOf(one: SubjectPackage, { package: found }: Finding): boolean {
  return one.ecosystem === found.ecosystem && one.source.name === found.name && one.source.version === found.version;
}

/** Later ones last; of the same moment, the order in which they were given. */
function byTime(a: Match, b: Match): number {
  return Date.parse(a.statement.timestamp) - Date.parse(b.statement.timestamp);
}

function toException({ status, reason, owner, expires, document }: VexStatement): Exception {
  return { status, reason, owner, ...(expires === undefined ? {} : { expires }), document };
}

function noteMatch({ statement, packages, covered, partly }: Match, now: Date): string[] {
  const { document, place, status, expires, owner } = statement;
  const [id = ""] = statement.vulnerabilities;
  const where = `${document}: ${place}`;
  if (packages.size === 0) return [`${where}: the image has none of its products: ${describeProducts(statement)}`];
  if (covered.length === 0 && partly.length === 0) return [`${where}: the image has no finding ${id} there`];
  if (isExpired(expires, now))
    return [`${where}: the exception for ${id} expired on ${expires} and no longer counts (owner: ${owner})`];
  if (!suppresses(status)) return [];
  return partly.map(
    ({ finding, missing }) =>
      `${where}: ${finding.id} in ${finding.package.name} still counts: the statement leaves out ${missing.join(", ")}`,
  );
}

function describeProducts({ products }: VexStatement): string {
  if (products === "subject") return "the image itself";
  const names = products.map(({ ids, sha256 }) => ids[0] ?? (sha256 === undefined ? "(unnamed)" : `sha256:${sha256}`));
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
}
