import type { FleetRelease } from "../../fleet/fleet.ts";
import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import { imageSource, type ImageSource } from "../../runtime/content/image-source.ts";
import { findImage } from "../../runtime/find-image.ts";
import { imagePort } from "../../runtime/image-instance.ts";
import type { Release } from "../state/releases.ts";
import { likenessOf } from "./likeness.ts";
import { readConfiguration, type ServiceConfiguration } from "./service-configuration.ts";
import { serviceSpec } from "./service-spec.ts";

/** A release with all that follows from it and from its image alone. */
export type ReleaseSpec = FleetRelease & {
  readonly configuration: ServiceConfiguration;
  /** The image for this machine's architecture. */
  readonly source: ImageSource;
  readonly likeness: string;
};

/** Releases never change: what follows from one is worked out once. Throws `configuration-unusable`, and what reading an image throws. */
export type ReleaseSpecs = (release: Release) => ReleaseSpec;

export function openReleaseSpecs(ctx: Pick<Context, "home">): ReleaseSpecs {
  const kept = new Map<number, ReleaseSpec>();
  return (release) => {
    const known = kept.get(release.event) ?? makeSpec(ctx, release);
    kept.set(release.event, known);
    return known;
  };
}

/** Throws `configuration-unusable`, and what reading an image throws. */
export function makeSpec(
  ctx: Pick<Context, "home">,
  release: Pick<Release, "environment" | "service" | "number" | "image" | "configuration">,
): ReleaseSpec {
  const configuration = readConfiguration(release);
  const source = imageSource(ctx, findImage(ctx, release.image).digest);
  return {
    number: release.number,
    image: release.image as Digest,
    content: source.digest,
    spec: serviceSpec(release, configuration, imagePort(source)),
    configuration,
    source,
    likeness: likenessOf(release, configuration),
  };
}
