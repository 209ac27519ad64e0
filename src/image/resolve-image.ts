import type { Package } from "../debian/package.ts";
import { dependencyClosure } from "../debian/resolve/closure.ts";
import type { PackageIndex } from "../debian/resolve/package-index.ts";
import { resolvePackages } from "../debian/resolve/resolve.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { knownFormerPackages } from "./former-packages.ts";
import { securityVersion } from "./security-version.ts";
import type { LockRequest } from "./lock-project.ts";
import type { ImageLock } from "./lock.ts";

export type ResolveImageInput = {
  readonly definition: ImageDefinition;
  readonly former: ImageLock | undefined;
  readonly update: LockRequest["update"];
  readonly security?: LockRequest["security"];
  /** Undefined where nothing is to be installed. */
  readonly index: PackageIndex | undefined;
  readonly installed: readonly Package[];
};

export type ResolvedImage = {
  /** To be installed: without what the base has. */
  readonly packages: readonly Package[];
  readonly essential: ReadonlySet<string>;
  /** Real names of what was asked for, in the person's order. */
  readonly requested: readonly string[];
  readonly closureOf: (name: string) => ReadonlySet<string>;
  readonly moved: readonly string[];
};

/** Resolves what one definition asks for, on top of its base. */
export async function resolveImage(ctx: Context, input: ResolveImageInput): Promise<ResolvedImage> {
  const { definition, index, installed } = input;
  if (!index) return { packages: [], essential: new Set(), requested: [], closureOf: () => new Set(), moved: [] };
  const locked = pinnedVersions(input);
  // What the base has stays as it is, also when it is asked for by name.
  const pins = new Map([...installed.map((item) => [item.name, item.version] as const), ...locked]);
  const resolution = resolvePackages(index, {
    packages: definition.packages,
    essential: definition.base.kind === "debian",
    recommends: definition.recommends,
    installed,
    pins,
    extra: await knownFormerPackages(ctx, { former: input.former, index, pins }),
  });
  const { packages } = resolution;
  checkBaseStays(packages, installed);
  const all = [...installed, ...packages];
  const options = { recommends: definition.recommends };
  const essentialRoots = packages.filter((item) => item.essential).map((item) => item.name);
  return {
    packages,
    essential: dependencyClosure(all, essentialRoots, options),
    requested: definition.packages.map((name) => realName(all, name)),
    closureOf: (name) => dependencyClosure(all, [name], options),
    moved: resolution.moved.map((move) => `${move.name} ${move.from} → ${move.to}: ${move.because}`),
  };
}

/** What the former lock holds still: everything, but for what may be updated. Another release is another world. */
function pinnedVersions({ former, update, security, index }: ResolveImageInput): ReadonlyMap<string, string> {
  if (!former || !index || !isSameRelease(former, index)) return new Map();
  const mayMove = (name: string) => update === "all" || update.includes(name);
  const pins = former.packages.flatMap((item): [string, string][] => {
    if (!mayMove(item.name)) return [[item.name, item.version]];
    return security === "only" ? [[item.name, securityVersion(item, index) ?? item.version]] : [];
  });
  return new Map(pins);
}

/** The base's words may be the same while what it stands on moved to another release: another image of the project, or a tag of a registry. */
function isSameRelease(former: ImageLock, index: PackageIndex): boolean {
  const names = (suites: PackageIndex["suites"]) => suites.map((suite) => `${suite.archive} ${suite.suite}`);
  const now = names(index.suites);
  // One more suite of the same release, the security suite, leaves everything where it is; without one that it came from, nothing can stay.
  return names(former.suites).every((name) => now.includes(name)) && names(former.suites)[0] === now[0];
}

function realName(packages: readonly Package[], name: string): string {
  if (packages.some((item) => item.name === name)) return name;
  return packages.find((item) => item.provides.some((provision) => provision.name === name))?.name ?? name;
}

/** A base is a finished image: nothing in it is replaced from above, or its layers would carry what the image no longer has. */
function checkBaseStays(packages: readonly Package[], installed: readonly Package[]): void {
  const before = new Map(installed.map((item) => [item.name, item.version]));
  const replaced = packages.filter((item) => before.has(item.name));
  if (replaced.length === 0) return;
  throw new IngotError("base-outdated", "what is asked for needs newer packages than the base has", {
    details: replaced.map((item) => `${item.name}: the base has ${before.get(item.name)}, needed is ${item.version}`),
    hint: "update the base image first, then lock this one again",
  });
}
