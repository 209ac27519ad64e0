import type { ServiceKey } from "../../fleet/fleet.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import { findManifest, repositoriesOf } from "../state/registry.ts";
import { findRelease, listCurrent, type Release } from "../state/releases.ts";
import { listRolledOut, stableOf } from "../state/rollouts.ts";

/** An image that runs, by the record, in one of the repositories that it was released from. `services`: all that run it. */
export type RunningImage = {
  readonly image: Digest;
  readonly repository: string;
  readonly services: readonly ServiceKey[];
};

/** Each image of a current release once, and of a stable one where the newest has not come to run. */
export function listRunning(state: Database): readonly RunningImage[] {
  const byImage = Map.groupBy([...listCurrent(state), ...listStable(state)], ({ image }) => image);
  return [...byImage].flatMap(([image, releases]) => {
    const places = [...releases.map((one) => one.repository), ...repositoriesOf(state, image)];
    const repository = places.find((place) => findManifest(state, place, image) !== undefined);
    // Deleted everywhere: nothing can be attached to it, and it is not started again either.
    if (repository === undefined || !isDigest(image)) return [];
    const services = new Map(releases.map((one) => [`${one.environment}/${one.service}`, toKey(one)]));
    return [{ image, repository, services: [...services.values()] }];
  });
}

function listStable(state: Database): readonly Release[] {
  return listRolledOut(state).flatMap((key) => {
    const number = stableOf(state, key);
    return number === undefined ? [] : (findRelease(state, { ...key, number }) ?? []);
  });
}

function toKey({ environment, service }: Release): ServiceKey {
  return { environment, service };
}
