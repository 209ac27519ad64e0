import type { ImageDefinition, Project } from "../project/definition.ts";
import { compatibility, type ImageLock, type Lock, type LockedPackage } from "./lock.ts";

/** A definition for tests: Debian with nothing asked for. */
export function definitionOf(overrides: Partial<ImageDefinition> = {}): ImageDefinition {
  return {
    name: "web",
    base: { kind: "debian", suite: "bookworm" },
    packages: [],
    recommends: false,
    files: [],
    run: [],
    command: [],
    environment: {},
    writable: [],
    labels: {},
    compression: "gzip",
    tests: [],
    without: [],
    lints: [],
    ...overrides,
  };
}

/** A project of these images, with nothing on disk. */
export function projectOf(images: readonly ImageDefinition[], overrides: Partial<Project> = {}): Project {
  return {
    name: "shop",
    path: "/nowhere/ingot.yaml",
    folder: "/nowhere",
    images: new Map(images.map((image) => [image.name, image])),
    services: new Map(),
    environments: new Map(),
    trust: {},
    ...overrides,
  };
}

export function lockedPackage(name: string, overrides: Partial<LockedPackage> = {}): LockedPackage {
  return {
    name,
    version: "1.0-1",
    architecture: "amd64",
    source: name,
    sourceVersion: "1.0-1",
    sha256: "a".repeat(64),
    size: 1000,
    path: `pool/main/${name[0]}/${name}/${name}_1.0-1_amd64.deb`,
    archive: "main",
    stage: "essential",
    layer: "essential/+1",
    ...overrides,
  };
}

export function imageLockOf(packages: readonly LockedPackage[], overrides: Partial<ImageLock> = {}): ImageLock {
  return {
    architecture: "amd64",
    base: { kind: "debian", suite: "bookworm" },
    request: `sha256:${"0".repeat(64)}` as ImageLock["request"],
    suites: [
      {
        archive: "main",
        suite: "bookworm",
        components: ["main"],
        digest: `sha256:${"1".repeat(64)}` as ImageLock["request"],
        date: "2026-01-01T00:00:00Z",
        signedBy: ["ABCD"],
      },
    ],
    stages: [...new Set(packages.map((item) => item.stage))].map((name) => ({ name, epoch: 1_767_225_600 })),
    packages,
    ...overrides,
  };
}

export function lockOf(images: Readonly<Record<string, ImageLock>>): Lock {
  return { compatibility, images };
}
