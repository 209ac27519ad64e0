import { IngotError } from "../../ground/error.ts";
import { isSameSpec } from "./create-release.ts";
import type { Release } from "../state/releases.ts";

/** A release that is no way back, and why. */
export type PassedOver = { readonly number: number; readonly why: string };

export type RollbackTarget = { readonly release: Release; readonly passedOver: readonly PassedOver[] };

export type RollbackWish = {
  readonly to?: number;
  /** Of an image. */
  readonly isRevoked: (image: string) => boolean;
  /** Of an image that failed there. */
  readonly isQuarantined?: (image: string) => boolean;
  /** Whether a release was rolled out to the end. */
  readonly isGood?: (release: Release) => boolean;
};

/**
 * The release to go back to: the one that is asked for by its number, or the newest that is a way back, if possible one that is known to be good. `releases`: of one service in one environment, newest first.
 * Throws `release-unknown` and `rollback-refused`.
 */
export function chooseRollback(
  releases: readonly Release[],
  { to, isRevoked, isQuarantined = () => false, isGood = () => false }: RollbackWish,
): RollbackTarget {
  const [current, ...earlier] = releases;
  if (current === undefined) throw new IngotError("release-unknown", "the service has no release to go back from");
  const ways = earlier.map((release) => ({ release, why: reasonAgainst(release, { releases, current }) }));
  if (to === undefined) {
    const reasonOf = ({ release, why }: Way): string | undefined =>
      why ??
      (isRevoked(release.image) ? "its image is revoked" : undefined) ??
      (isQuarantined(release.image) ? "its image failed there and is in quarantine" : undefined);
    return newest(
      current,
      preferGood(
        ways.map((way) => ({ release: way.release, why: reasonOf(way) })),
        { current, isGood },
      ),
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

/** Where one that works is known, none that never ran to the end is tried. */
function preferGood(
  ways: readonly Way[],
  { current, isGood }: { readonly current: Release; readonly isGood: (release: Release) => boolean },
): readonly Way[] {
  const isWay = ({ release, why }: Way): boolean => why === undefined && !isPassed(current, release);
  if (!ways.some((way) => isWay(way) && isGood(way.release))) return ways;
  return ways.map((way) =>
    isWay(way) && !isGood(way.release) ? { ...way, why: "it never ran to the end of its rollout" } : way,
  );
}

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
