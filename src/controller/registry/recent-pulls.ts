import type { Principal } from "../../policy/policy.ts";

/**
 * Which manifests of a repository somebody was given last. Their blobs are asked for next: a layer may be in thousands of images of the repository, and the one that it is wanted for is
 * decided about first, not those that nobody asked for.
 */
export type RecentPulls = {
  readonly note: (principal: Principal, repository: string, digest: string) => void;
  /** The last one first. */
  readonly of: (principal: Principal, repository: string) => readonly string[];
};

/** Manifests of one principal in one repository: an index, its images, and those of a host that pulls a few at a time. */
const mostOfOne = 16;
const mostKept = 20_000;

export function openRecentPulls(): RecentPulls {
  const kept = new Map<string, readonly string[]>();
  return {
    note: (principal, repository, digest) => {
      const key = keyOf(principal, repository);
      const before = kept.get(key) ?? [];
      if (before[0] === digest) return;
      if (before.length === 0 && kept.size >= mostKept) kept.delete(kept.keys().next().value ?? "");
      kept.set(key, [digest, ...before.filter((one) => one !== digest)].slice(0, mostOfOne));
    },
    of: (principal, repository) => kept.get(keyOf(principal, repository)) ?? [],
  };
}

function keyOf({ kind, name, environment = "" }: Principal, repository: string): string {
  return `${kind}:${name}\n${environment}\n${repository}`;
}
