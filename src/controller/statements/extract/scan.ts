import type { ScanFacts } from "../../../policy/policy.ts";
import type { StatementFacts } from "../../events/statement-events.ts";
import { clip, secondsOf, View } from "./view.ts";

/** What a scan proves. A record that cannot be read, of another scanner or with nothing to go by proves nothing: it has gaps, and is never a clean bill. */
export function extractScan(predicate: unknown): StatementFacts {
  const record = new View(predicate);
  // Undated is older than every other.
  const finished = secondsOf(record.at("metadata", "scanFinishedOn").text) ?? 0;
  return { kind: "scan", scan: { finished, ...(readFindings(record) ?? unreadable) } };
}

const unreadable: Omit<ScanFacts, "finished"> = { exploited: [], fixable: [], gaps: 1 };

/** As many as an event has room for. The oldest fixes are kept: it is their age that is asked for. */
const mostExploited = 100;
const mostFixable = 200;

function readFindings(record: View): Omit<ScanFacts, "finished"> | undefined {
  // cosign's record leaves `result` to each scanner: of another one than ours nobody says what an empty list means.
  if (record.at("scanner", "uri").text?.startsWith("pkg:generic/ingot@") !== true) return undefined;
  const result = record.at("scanner", "result");
  const [findings, gaps, sources] = [result.at("findings").list, result.at("gaps").list, result.at("sources").list];
  if (findings === undefined || gaps === undefined || sources === undefined) return undefined;
  const read = findings.map(readFinding);
  if (!read.every((one) => one !== undefined)) return undefined;
  const counting = read.filter(({ isExcepted }) => !isExcepted);
  return {
    exploited: unique(counting.filter(({ isExploited }) => isExploited).map(({ id }) => id)).slice(0, mostExploited),
    fixable: bound(counting.flatMap(({ fixable }) => fixable)),
    gaps: countGaps({ gaps, sources, packages: result.at("packages") }),
  };
}

type ReadFinding = {
  readonly id: string;
  readonly isExcepted: boolean;
  readonly isExploited: boolean;
  readonly fixable: ScanFacts["fixable"];
};

function readFinding(finding: View): ReadFinding | undefined {
  const [id, state, severity] = [finding.at("id").text, finding.at("state").text, finding.at("severity").text];
  if (id === undefined || id === "" || state === undefined || severity === undefined) return undefined;
  const shown = clip(id, 60);
  const exception = finding.at("exception", "status").text;
  const since = secondsOf(finding.at("fixedSince").text) ?? dayOf(finding.at("fixedSince").text);
  const rated = state === "fixed" ? ratingOf(severity) : undefined;
  return {
    id: shown,
    isExcepted: exception === "not_affected" || exception === "fixed",
    isExploited: finding.at("knownExploited").isThere,
    fixable: rated === undefined ? [] : [{ id: shown, severity: rated, since }],
  };
}

/** A day counts from its beginning; 0 where nothing is said, which is older than any grace. */
function dayOf(text: string | undefined): number {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return 0;
  return secondsOf(`${text}T00:00:00Z`) ?? 0;
}

const lesser = new Set(["medium", "low", "negligible"]);

/** A word that is not known is rated by nobody. */
function ratingOf(severity: string): ScanFacts["fixable"][number]["severity"] | undefined {
  if (severity === "critical" || severity === "high") return severity;
  return lesser.has(severity) ? undefined : "unknown";
}

function bound(fixable: ScanFacts["fixable"]): ScanFacts["fixable"] {
  const ofRating = Map.groupBy(fixable, ({ severity }) => severity);
  return [...ofRating.values()].flatMap((found) =>
    found.toSorted((a, b) => a.since - b.since).slice(0, mostFixable / 2),
  );
}

const advisoryKinds = new Set(["security-suite", "debian-tracker", "osv"]);

/** How many packages nothing is said about: all of them where there is any gap, since a gap is about all of an image. */
function countGaps({
  gaps,
  sources,
  packages,
}: Readonly<Record<"packages", View> & Record<"gaps" | "sources", readonly View[]>>): number {
  const isAsked = sources.some((source) => advisoryKinds.has(source.at("kind").text ?? ""));
  if (gaps.length === 0 && isAsked) return 0;
  return Math.max(
    1,
    packages.at("deb").count,
    packages.at("npm").count + packages.at("pypi").count + packages.at("golang").count,
  );
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
