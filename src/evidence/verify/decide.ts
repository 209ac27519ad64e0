import { shortDigest } from "../../oci/digest.ts";
import { statementKinds, type EvidenceItem, type Role, type StatementKind, type TrustedKey } from "../evidence.ts";
import { reasonAgainst } from "./reason-against.ts";
import { statementTime } from "./statement-time.ts";

/** Something that must be proven: a statement of one of these kinds, that says yes, by a trusted key. */
export type Requirement = { readonly name: RequirementName; readonly kinds: readonly StatementKind[] };

export type RequirementName = StatementKind | "sbom";

export type Proven = {
  readonly kind: StatementKind | "other";
  readonly predicateType: string;
  readonly manifest: string;
  readonly key: TrustedKey;
  /** When, as the statement itself says (ISO 8601); most kinds say it, none is bound to. */
  readonly when?: string;
};

export type Missing = {
  readonly requirement: RequirementName;
  /** What there is in its place, and why that does not count; empty where there is nothing. */
  readonly reasons: readonly string[];
};

/** A statement that does not count, and why. */
export type Unused = {
  readonly kind: StatementKind | "other";
  readonly predicateType: string;
  readonly manifest: string;
  readonly reason: string;
};

export type Decision = {
  readonly proven: readonly Proven[];
  readonly missing: readonly Missing[];
  /** Rightly signed, and saying no: a failed test, a rebuild that differs. */
  readonly negative: readonly Unused[];
  readonly refused: readonly Unused[];
  readonly untrusted: readonly Unused[];
};

/** What the evidence proves of what is required. Pure: no file, clock or network; the same evidence gives the same decision. */
export function decide(items: readonly EvidenceItem[], required: readonly Requirement[]): Decision {
  const checked = withoutDuplicates(items.filter((item) => item.status === "checked").toSorted(byKind));
  const noes = checked.filter((item) => reasonAgainst(item) !== undefined);
  const against = (item: Checked): string | undefined =>
    reasonAgainst(item) ?? describeNo(noes.find((no) => isLater(no, item)));
  const negative = checked.flatMap((item) => unused(item, against(item)));
  const proven = checked.filter((item) => against(item) === undefined).map(asProven);
  const refused = items.flatMap((item) => (item.status === "refused" ? unused(item, item.reason) : []));
  const untrusted = items.flatMap((item) => (item.status === "untrusted" ? unused(item, item.reason) : []));
  const missing = required
    .filter(({ kinds }) => !proven.some(({ kind }) => kind !== "other" && kinds.includes(kind)))
    .map(({ name, kinds }) => ({
      requirement: name,
      reasons: reasonsFor(kinds, [...negative, ...untrusted, ...refused]),
    }));
  return { proven, missing, negative, refused, untrusted };
}

const kindOrder: readonly string[] = Object.keys(statementKinds);

/** In the order of an image's life; kinds that Ingot does not know come first. */
export function byKind(a: Pick<EvidenceItem, "kind">, b: Pick<EvidenceItem, "kind">): number {
  return kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind);
}

/** What a role's key must have said about an image that is to be trusted. */
export function requirementsOf(roles: ReadonlySet<Role>): readonly Requirement[] {
  return roleRequirements.filter(({ role }) => roles.has(role)).map(({ requirement }) => requirement);
}

/** A requirement by its word: a kind, or `sbom` for either format. */
export function requirementFor(name: RequirementName): Requirement {
  return { name, kinds: name === "sbom" ? ["cyclonedx", "spdx"] : [name] };
}

// An approver's statements come with the controller: until then nothing can supply them.
const roleRequirements: readonly { readonly role: Role; readonly requirement: Requirement }[] = [
  { role: "builder", requirement: requirementFor("signature") },
  { role: "builder", requirement: requirementFor("provenance") },
  { role: "builder", requirement: requirementFor("sbom") },
  { role: "scanner", requirement: requirementFor("scan") },
  { role: "tester", requirement: requirementFor("tests") },
  { role: "rebuilder", requirement: requirementFor("rebuild") },
];

type Checked = Extract<EvidenceItem, { status: "checked" }>;

/** The same statement by the same key is one, however often a registry lists it. `readEvidence` gives equal statements as one object. */
function withoutDuplicates(items: readonly Checked[]): readonly Checked[] {
  const seen = new Map<unknown, Set<string>>();
  return items.filter(({ statement, key }) => {
    const keys = seen.get(statement) ?? new Set();
    seen.set(statement, keys);
    if (keys.has(key.id)) return false;
    keys.add(key.id);
    return true;
  });
}

/** Whether a statement that says no takes back one that said yes: it does unless it is known to be the earlier one, since a wrong no only asks for another test. */
function isLater(no: Checked, yes: Checked): boolean {
  if (no.kind === "other" || no.kind !== yes.kind) return false;
  const [noTime, yesTime] = [statementTime(no), statementTime(yes)].map((time) => Date.parse(time ?? ""));
  return !(noTime !== undefined && yesTime !== undefined && noTime < yesTime);
}

function describeNo(no: Checked | undefined): string | undefined {
  if (no === undefined) return undefined;
  return statementTime(no) === undefined
    ? `a statement of its kind that has no date says no: ${shortDigest(no.manifest)}`
    : `a later statement of its kind says no: ${shortDigest(no.manifest)}`;
}

function asProven(item: Checked): Proven {
  const { kind, predicateType, manifest, key } = item;
  const when = statementTime(item);
  return { kind, predicateType, manifest, key, ...(when === undefined ? {} : { when }) };
}

function unused({ kind, predicateType, manifest }: EvidenceItem, reason: string | undefined): readonly Unused[] {
  return reason === undefined ? [] : [{ kind, predicateType, manifest, reason }];
}

function reasonsFor(kinds: readonly StatementKind[], candidates: readonly Unused[]): readonly string[] {
  const fitting = candidates.filter(({ kind }) => kind !== "other" && kinds.includes(kind));
  return [...new Set(fitting.map(({ reason }) => reason))].slice(0, 3);
}
