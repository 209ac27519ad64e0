import type { Package } from "../package.ts";
import type { PackageIndex } from "./package-index.ts";
import type { PackageStates } from "./package-states.ts";
import { formatDependency, formatRelation } from "./relation.ts";
import { satisfiesRelation } from "./satisfaction.ts";

/** A pinned package that has another version in the result. */
export type Move = { readonly name: string; readonly from: string; readonly to: string; readonly because: string };

export type MoveSetting = {
  readonly pins: ReadonlyMap<string, string>;
  readonly states: PackageStates;
  readonly index: PackageIndex;
  readonly extra: readonly Package[];
};

export function findMoves(packages: readonly Package[], setting: MoveSetting): readonly Move[] {
  return packages.flatMap((each) => {
    const from = setting.pins.get(each.name);
    if (from === undefined || from === each.version) return [];
    return [{ name: each.name, from, to: each.version, because: reasonOf(each, { from, packages }, setting) }];
  });
}

function reasonOf(moved: Package, was: { from: string; packages: readonly Package[] }, setting: MoveSetting): string {
  const known = [...setting.extra, ...setting.index.candidates(moved.name)];
  const old = known.find(({ name, version }) => name === moved.name && version === was.from);
  if (!old) return `version ${was.from} is no longer in the archive`;
  return (
    wantedBy(old, was.packages, setting) ??
    lackingFor(old, setting) ??
    hinderedBy(old, was.packages, setting) ??
    "another choice did not fit"
  );
}

/** Who asks for something that only the new version is. */
function wantedBy(old: Package, packages: readonly Package[], { index }: MoveSetting): string | undefined {
  for (const owner of packages)
    for (const dependency of [...owner.preDepends, ...owner.depends]) {
      const isAbout = dependency.some(({ name }) => name === old.name);
      const isEnough = dependency.some((relation) => satisfiesRelation(old, relation, index.architecture));
      if (isAbout && !isEnough) return `${owner.name} ${owner.version} depends on ${formatDependency(dependency)}`;
    }
  return undefined;
}

/** What the old version depends on and the set no longer has. */
function lackingFor(old: Package, { states }: MoveSetting): string | undefined {
  const lacking = [...old.preDepends, ...old.depends].find((dependency) => !states.isMet(dependency));
  return lacking && `${old.name} ${old.version} depends on ${formatDependency(lacking)}`;
}

function hinderedBy(old: Package, packages: readonly Package[], { index }: MoveSetting): string | undefined {
  for (const owner of packages)
    for (const relation of [...owner.conflicts, ...owner.breaks])
      if (owner.name !== old.name && satisfiesRelation(old, relation, index.architecture))
        return `${owner.name} ${owner.version} does not work with ${formatRelation(relation)}`;
  return undefined;
}
