import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import { planArchives } from "../../src/debian/archive/mirror.ts";
import { readSuites } from "../../src/debian/archive/read-suites.ts";
import { parsePackageIndex } from "../../src/debian/resolve/package-index.ts";
import type { ImageLock, Lock } from "../../src/image/lock.ts";
import type { BenchProject } from "./bench-project.ts";

export type OlderLock = {
  readonly lock: Lock;
  readonly from: string;
  readonly to: string;
  readonly stage: string;
  /** Bytes of the newer package file. */
  readonly size: number;
};

const month = 30 * 86_400;

/**
 * The project's lock as it would have been before one package was updated: an older version of it that the archive still has, and stages a month
 * older. Undefined when the archive has no older version.
 */
export async function olderLock(project: BenchProject, name: string): Promise<OlderLock | undefined> {
  const request = { release: "bookworm", architecture: "amd64" };
  const plan = planArchives({ ...request, env: process.env, hostSources: readAptSources() });
  const suites = await readSuites(project.context, plan);
  const candidates = parsePackageIndex(suites, { architecture: request.architecture }).candidates(name);
  const image = project.lockedImage();
  const locked = image.packages.find((item) => item.name === name);
  const older = candidates.find((item) => item.version !== locked?.version);
  if (locked === undefined || older === undefined) return undefined;
  const former = {
    ...locked,
    version: older.version,
    sourceVersion: older.sourceVersion,
    sha256: older.sha256,
    size: older.size,
    path: older.filename,
    archive: suites[older.suite]?.suite.archive ?? "main",
  };
  const aged: ImageLock = {
    ...image,
    stages: image.stages.map((stage) => ({ ...stage, epoch: stage.epoch - month })),
    packages: image.packages.map((item) => (item === locked ? former : item)),
  };
  const lock = project.lock();
  const images = Object.fromEntries(Object.keys(lock.images).map((key) => [key, aged]));
  return { lock: { ...lock, images }, from: older.version, to: locked.version, stage: locked.stage, size: locked.size };
}
