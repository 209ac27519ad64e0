import { suitesOfRelease } from "../debian/debian.ts";
import type { ImageLock, Lock } from "./lock.ts";

/** Whether an image was locked without the security suite, though its release has one. */
export function lacksSecurity(lock: Pick<ImageLock, "suites"> | undefined): boolean {
  const [release] = lock?.suites ?? [];
  if (!release || lock?.suites.some(({ archive }) => archive === "security")) return false;
  return suitesOfRelease(release.suite).some(({ archive }) => archive === "security");
}

/** What is to be said of it with every lock and build, until it has changed: a line an image. */
export function warnOfLack(lock: Lock, names: readonly string[] = Object.keys(lock.images)): readonly string[] {
  const lacking = names.filter((name) => Object.hasOwn(lock.images, name) && lacksSecurity(lock.images[name]));
  return lacking.map(
    (name) =>
      `${name} is locked without the security suite: known fixes are missing; "ingot lock --update --security" brings them`,
  );
}
