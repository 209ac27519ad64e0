import type { Database } from "../../ledger/projection/database.ts";
import type { RevokedSubject } from "../events/revocation-events.ts";
import type { Reach } from "../lineage/find-reached.ts";
import { repositoriesOf, tagsOf } from "../state/registry.ts";
import { listCurrent, releasesOf } from "../state/releases.ts";

/** What a revocation reaches, and where that is. */
export type RevocationReport = {
  readonly subject: RevokedSubject;
  readonly reason: string;
  /** Its number; absent for a dry run. */
  readonly event?: number;
  readonly images: readonly ReachedImage[];
  /** Digests of images of which no bill of materials that counts says whether they have the package. */
  readonly unknown: readonly string[];
  readonly losing: Reach["losing"];
};

export type ReachedImage = {
  readonly digest: string;
  readonly how: string;
  /** Through which image; absent for one that is reached by itself. */
  readonly parent?: string;
  /** `shop/web:1` where there is a tag. */
  readonly names: readonly string[];
  readonly releases: readonly {
    readonly environment: string;
    readonly service: string;
    readonly number: number;
    readonly isCurrent: boolean;
  }[];
};

type Found = Pick<RevocationReport, "subject" | "reason" | "event"> & { readonly reach: Reach };

/** Finds names and releases for what was reached. */
export function describeReach(state: Database, { subject, reason, event, reach }: Found): RevocationReport {
  const current = new Set(listCurrent(state).map((release) => release.event));
  return {
    subject,
    reason,
    ...(event === undefined ? {} : { event }),
    images: reach.reached.map(({ digest, how, parent }) => ({
      digest,
      how,
      ...(parent === undefined ? {} : { parent }),
      names: namesOf(state, digest),
      releases: releasesOf(state, digest).map((release) => ({
        environment: release.environment,
        service: release.service,
        number: release.number,
        isCurrent: current.has(release.event),
      })),
    })),
    unknown: reach.unknown,
    losing: reach.losing,
  };
}

function namesOf(state: Database, digest: string): readonly string[] {
  return repositoriesOf(state, digest).flatMap((repository) => {
    const tags = tagsOf(state, repository, digest);
    return tags.length === 0 ? [`${repository}@${digest}`] : tags.map((tag) => `${repository}:${tag}`);
  });
}
