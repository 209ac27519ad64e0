import { hash } from "node:crypto";
import { formatTimestamp } from "../../ground/format-timestamp.ts";
import { purlOf, type MaterialPackage } from "./material-package.ts";
import type { GitState } from "./git-state.ts";

/** What a build was made by and from: plain data, so that whoever builds can say it. */
export type BuildFacts = {
  /** As the definition names it. */
  readonly image: string;
  /** The very texts that the build went by. */
  readonly definition: string;
  readonly lock: string;
  /** The number of which builds of one lock are the same bytes. */
  readonly compatibility: number;
  readonly versions: { readonly ingot: string; readonly node: string };
  /** The files of the project that went into the image, or into one it stands on. */
  readonly sources: readonly SourceMaterial[];
  readonly packages: readonly MaterialPackage[];
  readonly bases: readonly BaseMaterial[];
  readonly git: GitState;
  readonly run: { readonly id: string; readonly startedOn: Date; readonly finishedOn: Date };
};

/** `path`: relative to the project's folder, with slashes. */
export type SourceMaterial = { readonly path: string } & (
  | { readonly type: "file"; readonly sha256: string; readonly isExecutable: boolean }
  | { readonly type: "symlink"; readonly linkname: string }
  | { readonly type: "directory" }
);

/** An image that another one was built on: of a registry, or of the same project. `digest` of its manifest, hex. */
export type BaseMaterial = { readonly name: string; readonly sha256: string; readonly kind: "image" | "oci" };

/** How this kind of build reads its parameters: docs/provenance.md describes it. */
export const buildType = "https://ingot.dev/build/v1";

/** in-toto attestation, ResourceDescriptor v1. At least one of `uri`, `digest` and `content` is there. */
export type ResourceDescriptor = {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly content?: string;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
};

/** The predicate of https://slsa.dev/spec/v1.0/provenance. */
export type Provenance = {
  readonly buildDefinition: {
    readonly buildType: typeof buildType;
    readonly externalParameters: {
      readonly image: string;
      readonly definition: ResourceDescriptor;
      readonly lock: ResourceDescriptor;
    };
    readonly internalParameters: {
      readonly compatibility: number;
      readonly ingot: string;
      /** Only where the commit is not known: why. */
      readonly git?: { readonly unknown: string };
    };
    readonly resolvedDependencies: readonly ResourceDescriptor[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
    readonly metadata: { readonly invocationId: string; readonly startedOn: string; readonly finishedOn: string };
  };
};

/** The same facts give the same predicate. No host is named, neither of a mirror nor of a registry's credentials: only what a stranger needs to build it again. */
export function makeProvenance(facts: BuildFacts): Provenance {
  const definition = embed("ingot.yaml", facts.definition, "application/yaml");
  const lock = embed("ingot.lock", facts.lock, "application/json");
  return {
    buildDefinition: {
      buildType,
      externalParameters: { image: facts.image, definition, lock },
      internalParameters: {
        compatibility: facts.compatibility,
        ingot: facts.versions.ingot,
        ...(facts.git.kind === "unknown" ? { git: { unknown: facts.git.reason } } : {}),
      },
      resolvedDependencies: [
        withoutContent(definition),
        withoutContent(lock),
        ...describeCommit(facts.git),
        ...facts.bases.map(describeBase),
        ...unique(facts.sources, (source) => source.path).map(describeSource),
        ...unique(facts.packages, (one) => one.sha256).map(describePackage),
      ],
    },
    runDetails: {
      builder: { id: "https://ingot.dev/builder/v1", version: facts.versions },
      metadata: {
        invocationId: facts.run.id,
        startedOn: formatTimestamp(facts.run.startedOn),
        finishedOn: formatTimestamp(facts.run.finishedOn),
      },
    },
  };
}

/** What tells two builds apart that were made from the same: all but when and in which run. */
export function withoutRun({ buildDefinition, runDetails }: Partial<Provenance>): object {
  return { buildDefinition, builder: runDetails?.builder };
}

function embed(name: string, text: string, mediaType: string): ResourceDescriptor {
  const content = Buffer.from(text).toString("base64");
  return { name, mediaType, digest: { sha256: hash("sha256", text) }, content };
}

function withoutContent({ name = "", mediaType = "", digest = {} }: ResourceDescriptor): ResourceDescriptor {
  return { name, mediaType, digest };
}

/** More would only swell the statement: that the tree is dirty is said in any case. */
const mostChanged = 1000;

function describeCommit(git: GitState): readonly ResourceDescriptor[] {
  // A dependency without a digest proves nothing: that it is not known is a parameter.
  if (git.kind === "unknown") return [];
  const { commit, uri, folder, changed, authors } = git;
  const shown = changed.slice(0, mostChanged);
  return [
    {
      name: "git",
      ...(uri === undefined ? {} : { uri }),
      digest: { gitCommit: commit },
      annotations: {
        folder,
        ...(authors.length === 0 ? {} : { authors }),
        dirty: changed.length > 0,
        ...(changed.length === 0 ? {} : { changed: shown }),
        ...(shown.length < changed.length ? { changedInAll: changed.length } : {}),
      },
    },
  ];
}

function describeBase({ name, sha256, kind }: BaseMaterial): ResourceDescriptor {
  return { name, digest: { sha256 }, annotations: { kind: `base-${kind}` } };
}

function describeSource(source: SourceMaterial): ResourceDescriptor {
  const name = source.path;
  switch (source.type) {
    case "file": {
      const mode = source.isExecutable ? "0755" : "0644";
      return { name, digest: { sha256: source.sha256 }, annotations: { kind: "file", mode } };
    }
    case "symlink":
      return {
        name,
        digest: { sha256: hash("sha256", source.linkname) },
        content: Buffer.from(source.linkname).toString("base64"),
        annotations: { kind: "symlink" },
      };
    case "directory":
      return {
        name,
        uri: `file:${source.path.split("/").map(encodeURIComponent).join("/")}/`,
        annotations: { kind: "directory" },
      };
  }
}

function describePackage(item: MaterialPackage): ResourceDescriptor {
  return {
    name: item.name,
    uri: purlOf(item),
    digest: { sha256: item.sha256 },
    annotations: { kind: "deb", archive: item.archive, path: item.path },
  };
}

/** In an order that no machine decides. */
function unique<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
