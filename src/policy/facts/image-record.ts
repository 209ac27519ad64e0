import { statementKinds, type StatementKind } from "../../evidence/evidence.ts";
import type { ImageFacts } from "../policy.ts";
import { ageOf } from "./age.ts";
import { toScanRecord, type ScanRecord } from "./scan-record.ts";
import { findBuilders, findStanding } from "./standing.ts";

/** `ImageFacts` of the schema. */
export type ImageRecord = {
  readonly digest: string;
  readonly repositories: readonly string[];
  readonly statements: readonly string[];
  readonly by: Readonly<Record<StatementKind, readonly string[]>>;
  readonly authors: readonly string[];
  readonly builders: readonly string[];
  readonly scan?: ScanRecord;
  readonly tests?: { readonly passed: boolean; readonly age: number; readonly failed: readonly string[] };
  readonly approvers: readonly string[];
  readonly approvalCount: number;
  readonly rejectedBy: readonly string[];
  readonly released: boolean;
  readonly revoked: boolean;
};

/** Where and when it is asked. `environment`: "" for none. */
export type Asked = { readonly environment: string; readonly now: number };

/** The facts about an image as a policy sees them: Cedar cannot count or filter, so it is done here. */
export function toImageRecord(image: ImageFacts, asked: Asked): ImageRecord {
  const { approvers, rejectedBy } = findStanding(image, asked);
  const by = findMakers(image);
  return {
    digest: image.digest,
    repositories: image.repositories,
    // A statement that nobody made is none.
    statements: Object.entries(by).flatMap(([kind, makers]) => (makers.length > 0 ? [kind] : [])),
    by,
    authors: image.authors,
    builders: findBuilders(image),
    ...(image.scan === undefined ? {} : { scan: toScanRecord(image.scan, asked.now) }),
    ...(image.tests === undefined ? {} : { tests: toTestRecord(image.tests, asked.now) }),
    approvers,
    approvalCount: approvers.length,
    rejectedBy,
    released: asked.environment !== "" && (image.releases ?? []).includes(asked.environment),
    revoked: image.revocations.length > 0,
  };
}

/** An image of which nothing is known, for a request that names none: everything is missing then. */
export const unknownImage: ImageFacts = {
  digest: "",
  repositories: [],
  statements: [],
  authors: [],
  approvals: [],
  revocations: [],
  uncounted: [],
};

function findMakers({ statements }: ImageFacts): Record<StatementKind, readonly string[]> {
  const kinds = Object.keys(statementKinds) as StatementKind[];
  const makersOf = (kind: StatementKind): readonly string[] => [
    ...new Set(statements.filter((one) => one.kind === kind).flatMap(({ by }) => by)),
  ];
  return Object.fromEntries(kinds.map((kind) => [kind, makersOf(kind)])) as Record<StatementKind, readonly string[]>;
}

/** Tests of which something failed did not pass, whatever else is said. */
function toTestRecord(tests: NonNullable<ImageFacts["tests"]>, now: number): NonNullable<ImageRecord["tests"]> {
  const { passed, failed, finished } = tests;
  return { passed: passed && failed.length === 0, failed, age: ageOf(finished, now) };
}
