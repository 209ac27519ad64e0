import type { ImageLock, Lock, LockedBase, LockedPackage } from "./lock.ts";

/** What differs between two locks, image by image; images without a difference are left out. */
export type LockDiff = readonly ImageLockDiff[];

export type ImageLockDiff = {
  readonly image: string;
  readonly change: "added" | "removed" | "changed";
  readonly added: readonly PackageVersion[];
  readonly removed: readonly PackageVersion[];
  readonly changed: readonly PackageChange[];
  /** Further differences in words: another base, another date. */
  readonly notes: readonly string[];
};

export type PackageVersion = { readonly name: string; readonly version: string; readonly size: number };
export type PackageChange = {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** From which archive the new version comes. */
  readonly archive: LockedPackage["archive"];
  readonly size: number;
};

/** What differs, image by image, sorted by name; images that are the same are left out. `before` undefined: all is new. */
export function diffLocks(before: Lock | undefined, after: Lock): LockDiff {
  const names = new Set([...Object.keys(before?.images ?? {}), ...Object.keys(after.images)]);
  return [...names].toSorted().flatMap((image) => {
    const [was, is] = [before?.images[image], after.images[image]];
    const diff = diffImageLocks(image, was, is);
    return isEmpty(diff) && was && is ? [] : [diff];
  });
}

function isEmpty(diff: ImageLockDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length + diff.notes.length === 0;
}

function diffImageLocks(image: string, was: ImageLock | undefined, is: ImageLock | undefined): ImageLockDiff {
  const before = packagesOf(was);
  const after = packagesOf(is);
  const brief = ({ name, version, size }: LockedPackage) => ({ name, version, size });
  return {
    image,
    change: changeOf(was, is),
    added: [...after.values()].filter((item) => !before.has(item.name)).map(brief),
    removed: [...before.values()].filter((item) => !after.has(item.name)).map(brief),
    changed: [...after.values()].flatMap((item) => {
      const old = before.get(item.name);
      if (!old || (old.version === item.version && old.sha256 === item.sha256)) return [];
      return [{ name: item.name, from: old.version, to: item.version, archive: item.archive, size: item.size }];
    }),
    notes: was && is ? notes(was, is) : [],
  };
}

function changeOf(was: ImageLock | undefined, is: ImageLock | undefined): ImageLockDiff["change"] {
  if (!was) return "added";
  return is ? "changed" : "removed";
}

function packagesOf(lock: ImageLock | undefined): ReadonlyMap<string, LockedPackage> {
  const sorted = lock?.packages.toSorted((a, b) => (a.name < b.name ? -1 : 1)) ?? [];
  return new Map(sorted.map((item) => [item.name, item]));
}

function notes(was: ImageLock, is: ImageLock): readonly string[] {
  const [from, to] = [describeBase(was.base), describeBase(is.base)];
  const base = from === to ? [] : [`base: ${from} → ${to}`];
  const moved = is.packages.filter((item) => {
    const old = was.packages.find((other) => other.name === item.name);
    return old && (old.layer !== item.layer || old.stage !== item.stage);
  });
  const general = [...base, ...suiteNotes(was, is)];
  return moved.length === 0 ? general : [...general, `${moved.length} packages move to another layer`];
}

function suiteNotes(was: ImageLock, is: ImageLock): readonly string[] {
  const [before = [], after = []] = [was, is].map(({ suites }) => suites.map(({ suite }) => suite));
  const more = after.filter((suite) => !before.includes(suite));
  const less = before.filter((suite) => !after.includes(suite));
  return [
    ...more.map((suite) => `suite ${suite} is used now`),
    ...less.map((suite) => `suite ${suite} is used no more`),
  ];
}

function describeBase(base: LockedBase): string {
  switch (base.kind) {
    case "debian":
      return `debian:${base.suite}`;
    case "image":
      return `image:${base.name}`;
    case "oci":
      return `oci:${base.reference} (${base.digest})`;
  }
}

/** The difference in words, a line a change: `web: libssl3 3.0.16-1 → 3.0.17-1 (security)`. */
export function describeLockDiff(diff: LockDiff): readonly string[] {
  return diff.flatMap((entry) => {
    const line = (text: string) => `${entry.image}: ${text}`;
    return [
      ...(entry.change === "added" ? [line(`new image, ${entry.added.length} packages`)] : []),
      ...(entry.change === "removed" ? [line("image removed")] : []),
      ...(entry.change === "changed" ? entry.added.map((item) => line(`+ ${item.name} ${item.version}`)) : []),
      ...(entry.change === "changed" ? entry.removed.map((item) => line(`- ${item.name} ${item.version}`)) : []),
      ...entry.changed.map((item) =>
        line(`${item.name} ${item.from} → ${item.to}${item.archive === "security" ? " (security)" : ""}`),
      ),
      ...entry.notes.map(line),
    ];
  });
}
