import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import { planArchives } from "../../src/debian/archive/mirror.ts";
import { readSuites } from "../../src/debian/archive/read-suites.ts";
import { parsePackageIndex } from "../../src/debian/resolve/package-index.ts";
import type { ImageLock, Lock, LockedPackage } from "../../src/image/lock.ts";
import type { BenchProject } from "./bench-project.ts";

export type OlderLock = {
  readonly lock: Lock;
  readonly from: string;
  readonly to: string;
  readonly stage: string;
  /** Every package that the update moves. */
  readonly names: readonly string[];
  /** Bytes of their newer package files. */
  readonly size: number;
};

const month = 30 * 86_400;

/**
 * The project's lock as it would have been before one source package was updated: the older version of it that the archive still has, of every
 * package made from it, and stages a month older. Undefined when the archive has no older version.
 */
export async function olderLock(project: BenchProject, name: string): Promise<OlderLock | undefined> {
  const request = { release: "bookworm", architecture: "amd64" };
  const plan = planArchives({ ...request, env: process.env, hostSources: readAptSources() });
  const suites = await readSuites(project.context, plan);
  const index = parsePackageIndex(suites, { architecture: request.architecture });
  const image = project.lockedImage();
  const locked = image.packages.find((item) => item.name === name);
  const older = index.candidates(name).find((item) => item.version !== locked?.version);
  if (locked === undefined || older === undefined) return undefined;
  const age = (item: LockedPackage): LockedPackage => {
    if (item.source !== locked.source) return item;
    const former = index.candidates(item.name).find((found) => found.sourceVersion === older.sourceVersion);
    if (former === undefined) return item;
    const { version, sourceVersion, sha256, size, filename: path } = former;
    const archive = suites[former.suite]?.suite.archive ?? "main";
    return { ...item, version, sourceVersion, sha256, size, path, archive };
  };
  const aged: ImageLock = {
    ...image,
    stages: image.stages.map((stage) => ({ ...stage, epoch: stage.epoch - month })),
    packages: image.packages.map(age),
  };
  const moved = image.packages.filter((item, at) => aged.packages[at]?.version !== item.version);
  const lock = project.lock();
  return {
    lock: { ...lock, images: Object.fromEntries(Object.keys(lock.images).map((key) => [key, aged])) },
    from: older.version,
    to: locked.version,
    stage: locked.stage,
    names: moved.map((item) => item.name),
    size: moved.reduce((sum, item) => sum + item.size, 0),
  };
}
