import type { Package } from "../debian/package.ts";
import type { PackageIndex } from "../debian/resolve/package-index.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { present } from "../ground/present.ts";
import type { ImageDefinition, Project } from "../project/definition.ts";
import { lockBase, type LockedBaseImage } from "./lock-base.ts";
import { compatibility, type ImageLock, type Lock } from "./lock.ts";
import { chooseSuites, readLockIndex, type ChosenSuites } from "./lock-index.ts";
import { planImageLock } from "./plan-image-lock.ts";
import { resolveImage } from "./resolve-image.ts";

export type LockRequest = {
  readonly project: Project;
  readonly former: Lock | undefined;
  /** What may move to a newer version: everything, or only these packages. */
  readonly update: "all" | readonly string[];
  /**
   * `only`: what may move goes to exactly what the security suite has, and only where that is newer. `without`: nothing is chosen from that suite. Where neither is
   * said, an image that was locked without it stays without, until all may be updated.
   */
  readonly security?: "only" | "without";
};

export type LockResult = {
  readonly lock: Lock;
  /** Packages that had to move though nobody asked, each with the reason, in words. */
  readonly moved: readonly string[];
};

/** Debian's name of the one architecture that Ingot casts for today. */
const architecture = "amd64";

/**
 * Finds the exact inputs of every image of a project. What the former lock has stays, unless `update` lets it move or the definition demands
 * it. Throws what reading the archives and resolving throw; nothing is written.
 */
export async function lockProject(ctx: Context, request: LockRequest): Promise<LockResult> {
  checkUpdate(request);
  const indexes = new Map<string, Promise<PackageIndex>>();
  const indexOf: LockImageInput["indexOf"] = (release, suites) => {
    const key = `${release} ${suites}`;
    const index = indexes.get(key) ?? readLockIndex(ctx, request, { release, suites, architecture });
    indexes.set(key, index);
    return index;
  };
  const locked = new Map<string, LockedImage>();
  for (const definition of basesFirst(request.project)) {
    locked.set(definition.name, await lockImage(ctx, { ...request, definition, indexOf, locked }));
  }
  const images = [...locked].map(([name, image]) => [name, image.lock] as const);
  return {
    lock: { compatibility, images: Object.fromEntries(images) },
    moved: [...locked].flatMap(([name, image]) => image.moved.map((line) => `${name}: ${line}`)),
  };
}

/** What the images that stand on an image need to know of it. */
export type LockedImage = {
  readonly lock: ImageLock;
  /** Everything that it has installed, the base's packages included. */
  readonly installed: readonly Package[];
  /** The Debian release, where it has one. */
  readonly release: string | undefined;
  readonly suites: ChosenSuites;
  readonly moved: readonly string[];
};

function basesFirst(project: Project): readonly ImageDefinition[] {
  const ordered = new Set<ImageDefinition>();
  const visit = (definition: ImageDefinition) => {
    if (definition.base.kind === "image") visit(imageNamed(project, definition.base.name));
    ordered.add(definition);
  };
  for (const definition of project.images.values()) visit(definition);
  return [...ordered];
}

/** The project was checked: a base that it does not define was told then. */
function imageNamed(project: Project, name: string): ImageDefinition {
  return present(project.images.get(name), `the image "${name}"`);
}

type LockImageInput = LockRequest & {
  readonly definition: ImageDefinition;
  readonly indexOf: (release: string, suites: ChosenSuites) => Promise<PackageIndex>;
  readonly locked: ReadonlyMap<string, LockedImage>;
};

async function lockImage(ctx: Context, input: LockImageInput): Promise<LockedImage> {
  const { definition } = input;
  const former = input.former?.images[definition.name];
  const base: LockedBaseImage = await lockBase(ctx, { ...input, former });
  const isDebian = definition.base.kind === "debian";
  const suites = chooseSuites(definition, input);
  const index = await indexFor(input, base, suites);
  const resolved = await resolveImage(ctx, { ...input, former, index, installed: base.installed });
  const lock = planImageLock({
    definition,
    architecture,
    base: base.locked,
    suites: index?.suites ?? [],
    packages: resolved.packages,
    essential: isDebian ? resolved.essential : new Set(),
    requested: resolved.requested,
    closureOf: resolved.closureOf,
    former,
  });
  const installed = [...base.installed, ...resolved.packages];
  return { lock, installed, release: base.release, suites, moved: resolved.moved };
}

/** The packages to choose from; none where nothing is to be installed. */
async function indexFor(
  input: LockImageInput,
  base: LockedBaseImage,
  suites: ChosenSuites,
): Promise<PackageIndex | undefined> {
  const { definition } = input;
  if (definition.base.kind !== "debian" && definition.packages.length === 0) return undefined;
  if (base.release !== undefined) return input.indexOf(base.release, suites);
  throw new IngotError("base-not-debian", `the image "${definition.name}" adds packages, but its base is not Debian`, {
    hint: "take away `packages:`, or choose a base that has /var/lib/dpkg/status and a VERSION_CODENAME in /etc/os-release",
  });
}

/** A name to update that no image has is a slip of the pen, and silence would look like success. */
function checkUpdate(request: LockRequest): void {
  if (request.update === "all") return;
  const images = Object.values(request.former?.images ?? {});
  const known = new Set(images.flatMap((image) => image.packages.map((item) => item.name)));
  const strange = request.update.filter((name) => !known.has(name));
  if (strange.length === 0) return;
  throw new IngotError(
    "usage",
    `ingot.lock has no package ${strange.map((name) => `"${name}"`).join(", ")} to update`,
    {
      hint: "grep the name in ingot.lock; a new package is added under `packages:` in ingot.yaml",
    },
  );
}
