import type { Wanted } from "../../fleet/engine/engine.ts";
import type { Desired, FleetRelease, Rollout, ServiceKey } from "../../fleet/fleet.ts";
import { present } from "../../ground/present.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Digest } from "../../oci/digest.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { listLiving } from "../state/instances.ts";
import { findRelease } from "../state/releases.ts";
import { lastEndedOf, listQuarantined, openRolloutOf, stableOf, type RecordedRollout } from "../state/rollouts.ts";
import type { ReleaseSpec, ReleaseSpecs } from "./release-specs.ts";

export type WantedOptions = {
  readonly specs: ReleaseSpecs;
  /** Whether an image may not run there any more. */
  readonly isRevoked: (image: Digest) => boolean;
};

/** What the record says of a service. Throws what `ReleaseSpecs` does. */
export function readWanted(state: Database, key: ServiceKey, { specs, isRevoked }: WantedOptions): Wanted {
  const specOf = (number: number): ReleaseSpec =>
    specs(present(findRelease(state, { ...key, number }), `release ${number} of ${key.service} in ${key.environment}`));
  const living = listLiving(state, key);
  const parts = partsOf(state, key);
  const numbers = [parts.stable, parts.open?.release, parts.open?.from, parts.warm?.release].filter(
    (number) => number !== undefined,
  );
  const involved = [...new Set([...numbers, ...living.map(({ release }) => release)])].map(specOf);
  const releaseOf = (number: number): FleetRelease => withAlike(specOf(number), involved);
  const desired: Desired = {
    key,
    ...(parts.stable === undefined ? {} : { stable: releaseOf(parts.stable) }),
    ...(parts.open === undefined ? {} : { rollout: toRollout(parts.open, releaseOf) }),
    ...(parts.warm === undefined ? {} : { warm: { release: releaseOf(parts.warm.release), since: parts.warm.since } }),
    quarantined: new Set(listQuarantined(state, key).map(({ image }) => image as Digest)),
    revoked: new Set(involved.map(({ image }) => image).filter((image) => isRevoked(image))),
  };
  return {
    desired,
    living: living.map(({ id, release, condemned }) => ({
      id: id as InstanceId,
      release,
      ...(condemned === undefined ? {} : { condemned: { why: condemned.why, since: Date.parse(condemned.since) } }),
    })),
    releaseOf: (number) => {
      const known = involved.find((one) => one.number === number);
      if (known !== undefined) return withAlike(known, involved);
      const release = findRelease(state, { ...key, number });
      return release === undefined ? undefined : withAlike(specs(release), involved);
    },
  };
}

type Parts = {
  readonly stable: number | undefined;
  readonly open: RecordedRollout | undefined;
  readonly warm: { readonly release: number; readonly since: number } | undefined;
};

/** What a deploy that ended well replaced is kept warm; what was gone back from is not. */
function partsOf(state: Database, key: ServiceKey): Parts {
  const last = lastEndedOf(state, key);
  const isWarm = last?.status === "successful" && last.kind === "deploy";
  const warm =
    isWarm && last.from !== undefined ? { release: last.from, since: Date.parse(last.ended ?? last.since) } : undefined;
  return { stable: stableOf(state, key), open: openRolloutOf(state, key), warm };
}

function toRollout(recorded: RecordedRollout, releaseOf: (number: number) => FleetRelease): Rollout {
  const { id, kind, from, release, status, since, started, isPromoted, resumesAs } = recorded;
  return {
    id,
    kind,
    ...(from === undefined ? {} : { from: releaseOf(from) }),
    to: releaseOf(release),
    // It is open: it has none of the statuses of those that ended.
    status: status as Rollout["status"],
    since: Date.parse(since),
    started: Date.parse(started),
    ...(resumesAs === undefined ? {} : { resumesAs }),
    isPromoted,
  };
}

function withAlike(
  { number, image, source, spec, likeness }: ReleaseSpec,
  involved: readonly ReleaseSpec[],
): FleetRelease {
  const alike = involved.filter((one) => one.likeness === likeness && one.number !== number).map((one) => one.number);
  return { number, image, content: source.digest, spec, ...(alike.length === 0 ? {} : { alike }) };
}
