import type { TestContext } from "node:test";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { principal } from "../controller.fixture.ts";
import { pushManifest } from "../registry/push-manifest.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import { openDoor, sign, type Door, type Pushed } from "../statements/door.fixture.ts";

/** A door with the registry behind it, into which images are pushed as clients push them. */
export type Yard = Door & {
  readonly registry: Registry;
  /** Pushes an image of layers that are known by words, the lowest first. */
  readonly pushImage: (
    layers: readonly string[],
    more?: { readonly base?: string; readonly repository?: string },
  ) => Promise<Descriptor>;
  readonly pushIndex: (...images: readonly Descriptor[]) => Promise<Descriptor>;
  /** A bill of materials by the builder: packages as `openssl=3.0.1`, or whole package URLs. */
  readonly pushSbom: (image: Descriptor, ...packages: readonly string[]) => Promise<Pushed>;
  /** Provenance by the builder, with what it was built on. */
  readonly pushProvenance: (image: Descriptor, ...bases: readonly Descriptor[]) => Promise<Pushed>;
};

const builder = { ...principal("ci", "builder"), kind: "workload" } as const;

export async function openYard(t: TestContext): Promise<Yard> {
  const door = await openDoor(t);
  const registry = openRegistry(door.controller);
  t.after(() => registry.close());
  const put = (content: Buffer | string, mediaType: string): Descriptor => {
    const digest = door.controller.store.putBlob(content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  };
  const send = async (repository: string, manifest: object, mediaType: string): Promise<Descriptor> => {
    const content = canonicalJson(manifest);
    const reference = { kind: "digest", digest: digestOf(content) } as const;
    await pushManifest(registry, builder, { repository, reference, mediaType, content });
    return { mediaType, digest: reference.digest, size: content.length };
  };
  const pushSigned = async (image: Descriptor, kind: "cyclonedx" | "provenance", predicate: object): Promise<Pushed> =>
    door.push(await sign(door.keys.builder, kind, { image, predicate }), { image });
  return {
    ...door,
    registry,
    pushImage: async (words, { base, repository = "shop/web" } = {}) => {
      const config = put(canonicalJson({ architecture: "amd64", os: "linux", words, base }), mediaTypes.imageConfig);
      const layers = words.map((word) => put(`layer ${word}`, mediaTypes.layerGzip));
      for (const { digest } of [config, ...layers]) await registry.links.add(repository, digest);
      const annotations = base === undefined ? {} : { annotations: { "org.opencontainers.image.base.digest": base } };
      const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers, ...annotations };
      return send(repository, manifest, mediaTypes.imageManifest);
    },
    pushIndex: (...manifests) => {
      const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests };
      return send("shop/web", index, mediaTypes.imageIndex);
    },
    pushSbom: (image, ...packages) => pushSigned(image, "cyclonedx", bill(packages)),
    pushProvenance: (image, ...bases) => pushSigned(image, "provenance", provenance(bases)),
  };
}

function bill(packages: readonly string[]): object {
  const purl = (text: string): string =>
    text.startsWith("pkg:") ? text : `pkg:deb/debian/${text.replace("=", "@")}?arch=amd64`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    components: packages.map((text) => ({ type: "library", name: text, purl: purl(text) })),
  };
}

function provenance(bases: readonly Descriptor[]): object {
  return {
    buildDefinition: {
      buildType: "https://example.com/build",
      externalParameters: {},
      resolvedDependencies: bases.map(({ digest }) => ({
        digest: { sha256: digest.slice("sha256:".length) },
        annotations: { kind: "base-oci" },
      })),
    },
    runDetails: { builder: { id: "https://example.com/builder" } },
  };
}
