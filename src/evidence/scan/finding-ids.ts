import type { Finding } from "./finding.ts";

/**
 * Ids of advisories, each of which may be about several vulnerabilities: that two findings name the same one does not make them the same (DSA-5532-1 mends
 * two CVEs).
 */
const umbrella = /^(?:DSA|DLA|ELA|USN|RHSA|ALSA|SUSE-[A-Z]+)-/;

/** The CVE numbering: a year, and four digits or more. */
export function isCve(id: string): boolean {
  return /^CVE-\d{4}-\d{4,19}$/.test(id);
}

/** Every name of a finding, its id first. */
export function namesOf({ id, aliases }: Pick<Finding, "id" | "aliases">): readonly string[] {
  return [...new Set([id, ...aliases])];
}

/**
 * Gives each finding the id that all sources would call it by: its CVE where any of them knows one. A finding of several CVEs becomes one for each. All
 * findings are of one package.
 */
export function joinAliases(findings: readonly Finding[]): readonly Finding[] {
  // Nearly all findings are a CVE and nothing else.
  const named = findings.filter(({ id, aliases }) => aliases.length > 0 || !isCve(id));
  if (named.length === 0) return findings;
  const neighbours = linkNames(named);
  const members = listMembers(named);
  return findings.flatMap((finding) => {
    if (isCve(finding.id)) return [finding];
    const names = namesOf(finding);
    const own = names.filter(isCve);
    const reached = reachableFrom(
      names.filter((name) => !isCve(name)),
      neighbours,
    );
    const cves =
      own.length > 0 ? own : [...reached].flatMap((name) => (isCve(name) ? name : (members.get(name) ?? [])));
    const ids = cves.length > 0 ? cves : [firstOf(reached, finding.id)];
    return [...new Set(ids)].map((id) => ({
      ...finding,
      id,
      aliases: names.filter((name) => name !== id && !isCve(name)),
    }));
  });
}

/** GHSA-1 ↔ CVE-1, PYSEC-1 ↔ GHSA-1 …; never through an advisory of several vulnerabilities. */
function linkNames(findings: readonly Finding[]): ReadonlyMap<string, ReadonlySet<string>> {
  const neighbours = new Map<string, Set<string>>();
  for (const finding of findings) {
    const names = namesOf(finding).filter((name) => !umbrella.test(name));
    for (const name of names) {
      const known = neighbours.get(name) ?? new Set<string>();
      for (const other of names) known.add(other);
      neighbours.set(name, known);
    }
  }
  return neighbours;
}

/** The CVEs of each advisory of several, as the findings of this package name it. */
function listMembers(findings: readonly Finding[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>();
  for (const finding of findings) {
    const names = namesOf(finding);
    for (const advisory of names.filter((name) => umbrella.test(name))) {
      const known = members.get(advisory) ?? [];
      known.push(...names.filter(isCve));
      members.set(advisory, known);
    }
  }
  return members;
}

function reachableFrom(
  names: readonly string[],
  neighbours: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    // A CVE is where a path ends: two CVEs that share another database's entry are still two.
    if (!isCve(name)) open.push(...(neighbours.get(name) ?? []));
  }
  return reached;
}

/** Without any CVE: the same choice whichever source is asked first. */
function firstOf(reached: ReadonlySet<string>, own: string): string {
  const names = [...reached].filter((name) => !umbrella.test(name)).toSorted();
  return names[0] ?? own;
}
