import { arch, release } from "node:os";
import { hexOf, type Digest } from "../../oci/digest.ts";

/** What a rebuilder signs when a second build gave the same digest; there is no statement of the opposite. docs/provenance.md describes it. */
export type RebuildPredicate = {
  readonly result: "identical";
  /** The statement that the second build went by: of the manifest that attaches it. */
  readonly provenance: { readonly digest: { readonly sha256: string } };
  /** Enough to see how unlike the first builder the second was. */
  readonly rebuilder: {
    readonly ingot: string;
    readonly node: string;
    readonly compatibility: number;
    readonly kernel: string;
    readonly architecture: string;
  };
  /** RFC 3339. */
  readonly startedOn: string;
  readonly finishedOn: string;
  readonly seconds: number;
};

export type RebuildFacts = {
  readonly provenance: Digest;
  readonly ingot: string;
  readonly compatibility: number;
  readonly startedOn: Date;
  readonly finishedOn: Date;
};

/** The predicate of a rebuild that gave the same digest: there is none for another result, since cosign takes any statement for a yes. */
export function makeRebuildPredicate(facts: RebuildFacts): RebuildPredicate {
  const { startedOn, finishedOn, ingot, compatibility } = facts;
  return {
    result: "identical",
    provenance: { digest: { sha256: hexOf(facts.provenance) } },
    rebuilder: { ingot, node: process.versions.node, compatibility, kernel: release(), architecture: arch() },
    startedOn: startedOn.toISOString(),
    finishedOn: finishedOn.toISOString(),
    seconds: Math.round(finishedOn.getTime() - startedOn.getTime()) / 1000,
  };
}
