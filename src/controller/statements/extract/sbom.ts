import type { Database } from "../../../ledger/projection/database.ts";
import type { StatementFacts } from "../../events/statement-events.ts";
import { listRevocations } from "../../state/revocations.ts";
import { keyOf, listPackages, type ListedPackage } from "./packages.ts";

/** A revoked package that an image has. */
export type FoundRevoked = { readonly revocation: number; readonly found: ListedPackage };

const mostRevocations = 200;

/** What a bill of materials says, and which packages in it were revoked before it came. */
export function extractSbom(
  state: Database,
  { kind, predicate }: { readonly kind: "cyclonedx" | "spdx"; readonly predicate: unknown },
): { readonly facts: StatementFacts; readonly revoked: readonly FoundRevoked[] } | { readonly reason: string } {
  const packages = listPackages(kind, predicate);
  // Else an image would be held to have no revoked package, since nobody could read which it has.
  if (packages === undefined) return { reason: "its packages are no list, or one that is too long" };
  const listed = new Map(packages.map((one) => [keyOf(one), one]));
  const revoked = listRevocations(state, "package").flatMap(({ event, subject }): FoundRevoked[] => {
    const found = subject.kind === "package" ? listed.get(keyOf(subject)) : undefined;
    return found === undefined ? [] : [{ revocation: event, found }];
  });
  const revocations = revoked.slice(0, mostRevocations).map(({ revocation }) => revocation);
  return { facts: { kind: "sbom", packages: packages.length, revocations }, revoked };
}
