import { IngotError } from "../../ground/error.ts";
import { isSameSpec } from "./create-release.ts";
import type { Release } from "../state/releases.ts";

/** A release that is no way back, and why. */
export type PassedOver = { readonly number: number; readonly why: string };

export type RollbackTarget = { readonly release: Release; readonly passedOver: readonly PassedOver[] };

/**
 * The release to go back to: the one that is asked for by its number, or the newest that is a way back. `releases`: of one service in one environment, newest first. `isRevoked`: of an image.
 * Throws `release-unknown` and `rollback-refused`.
 */
export function chooseRollback(
  releases: readonly Release[],
  { to, isRevoked }: { readonly to?: number; readonly isRevoked: (image: string) => boolean },
): RollbackTarget {
  const [current, ...earlier] = releases;
  if (current === undefined) throw new IngotError("release-unknown", "the service has no release to go back from");
  const ways = earlier.map((release) => ({ release, why: reasonAgainst(release, { releases, current }) }));
  if (to === undefined) {
    const reasonOf = ({ release, why }: Way): string | undefined =>
      why ?? (isRevoked(release.image) ? "its image is revoked" : undefined);
    return newest(
      current,
      ways.map((way) => ({ release: way.release, why: reasonOf(way) })),
    );
  }
  // One that is revoked is left to the policy, whose denial goes on the record.
  const asked = ways.find(({ release }) => release.number === to);
  if (asked === undefined && to !== current.number) throw unknown(current, to);
  const why = asked === undefined ? "it is the current one" : asked.why;
  if (asked !== undefined && why === undefined) return { release: asked.release, passedOver: [] };
  throw refused(current, `release ${to} is no way back: ${why}`);
}

type Way = { readonly release: Release; readonly why: string | undefined };

function newest(current: Release, ways: readonly Way[]): RollbackTarget {
  const good = ways.find(({ release, why }) => why === undefined && !isPassed(current, release));
  const passed = ways.filter(({ release }) => good === undefined || release.number > good.release.number);
  const passedOver = passed.flatMap(({ release, why }) => (why === undefined ? [] : [{ number: release.number, why }]));
  if (good !== undefined) return { release: good.release, passedOver };
  throw refused(
    current,
    ways.length === 0 ? "there is no earlier release" : "no earlier release is a way back",
    passedOver.map(({ number, why }) => `release ${number}: ${why}`),
  );
}

/** A rollback that follows another one goes on from where that one went, further into the past. */
function isPassed(current: Release, release: Release): boolean {
  return current.from?.kind === "rollback" && release.number >= current.from.number;
}

type Line = { readonly releases: readonly Release[]; readonly current: Release };

function reasonAgainst(release: Release, { releases, current }: Line): string | undefined {
  if (isSameSpec(release, current)) return "it is the same image and configuration as the current release";
  const left = leftBehind(releases).find((one) => isSameSpec(one, release));
  if (left !== undefined) {
    const which = left.number === release.number ? "it" : `release ${left.number}, which is the same,`;
    return `${which} was rolled back from, and a rollback of that rollback would bring it back`;
  }
  return undefined;
}

/** The releases that the newest rollbacks, those in a row, went away from. */
function leftBehind(releases: readonly Release[]): readonly Release[] {
  const end = releases.findIndex(({ from }) => from?.kind !== "rollback");
  return releases.slice(1, end === -1 ? undefined : end + 1);
}

function unknown({ service, environment }: Release, number: number): IngotError {
  return new IngotError("release-unknown", `service ${service} has no release ${number} in ${environment}`, {
    hint: `ingot history ${service} --environment ${environment} --type release.created`,
  });
}

function refused({ service, environment, number }: Release, why: string, details: readonly string[] = []): IngotError {
  return new IngotError("rollback-refused", `service ${service} stays at release ${number} in ${environment}: ${why}`, {
    hint: `to go forward instead: ingot deploy ${service} --to ${environment} --image DIGEST`,
    details,
  });
}
