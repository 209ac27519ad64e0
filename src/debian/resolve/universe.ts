import type { Package, Relation } from "../package.ts";
import type { PackageIndex } from "./package-index.ts";
import { satisfiesRelation } from "./satisfaction.ts";
import { compareVersions } from "./version.ts";

/** What a resolution may choose from. */
export type Universe = {
  readonly architecture: string;
  /** The version that is chosen when nothing speaks against it: the one asked for, the pinned, or the newest. */
  readonly candidate: (name: string) => Package | undefined;
  /** The candidate first, then what it may give way to where nothing else works: the newest for a pin, the installed for an update. */
  readonly versions: (name: string) => readonly Package[];
  /** The version that is installed already, in a base image. */
  readonly installed: (name: string) => Package | undefined;
  /** Whether a lock wants this name to stay: it is chosen before its peers. */
  readonly isPinned: (name: string) => boolean;
  /** All versions, of all names, that fulfil a relation. */
  readonly fulfilling: (relation: Relation) => readonly Package[];
  /** Lower the earlier the indexes mention a name. */
  readonly mentionRanks: (names: readonly string[]) => readonly number[];
};

export type UniverseOptions = {
  /** Packages of a base image. */
  readonly installed?: readonly Package[];
  /** Name to version: kept where nothing speaks against it. */
  readonly pins?: ReadonlyMap<string, string>;
  /** Name to version: no other version will do. */
  readonly exact?: ReadonlyMap<string, string>;
  /** Packages that the mirrors no longer list, known from a lock. */
  readonly extra?: readonly Package[];
};

export function createUniverse(index: PackageIndex, options: UniverseOptions = {}): Universe {
  const installed = new Map((options.installed ?? []).map((each) => [each.name, each]));
  const others = [...installed.values(), ...(options.extra ?? [])];
  const versions = memoize((name: string) => chooseVersions(index, { ...options, others, installed, name }));
  const providers = memoize((name: string) => [
    ...others.filter(({ provides }) => provides.some((provision) => provision.name === name)),
    ...index.providers(name),
  ]);
  return {
    architecture: index.architecture,
    candidate: (name) => versions(name)[0],
    versions,
    installed: (name) => installed.get(name),
    isPinned: (name) => options.pins?.has(name) ?? false,
    fulfilling: (relation) => {
      const found = new Set([...versions(relation.name), ...providers(relation.name)]);
      return [...found].filter(
        (each) => satisfiesRelation(each, relation, index.architecture) && versions(each.name).includes(each),
      );
    },
    mentionRanks: (names) => index.mentionRanks(names),
  };
}

type Choice = Omit<UniverseOptions, "installed"> & {
  readonly others: readonly Package[];
  readonly installed: ReadonlyMap<string, Package>;
  readonly name: string;
};

function chooseVersions(index: PackageIndex, { name, others, ...options }: Choice): readonly Package[] {
  const listed = index.candidates(name);
  const mine = others.filter((each) => each.name === name);
  const all = mine.length === 0 ? listed : [...mine, ...listed].toSorted(newestFirst);
  const exact = options.exact?.get(name);
  if (exact !== undefined) return all.filter(({ version }) => version === exact).slice(0, 1);
  const pin = options.pins?.get(name);
  const pinned = pin === undefined ? undefined : all.find(({ version }) => version === pin);
  const ordered = [pinned, all[0], options.installed.get(name)].filter((each) => each !== undefined);
  return [...new Set(ordered)];
}

function newestFirst(a: Package, b: Package): number {
  return compareVersions(b.version, a.version);
}

function memoize<Value>(compute: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, { readonly value: Value }>();
  return (name) => {
    let found = known.get(name);
    if (!found) {
      found = { value: compute(name) };
      known.set(name, found);
    }
    return found.value;
  };
}
