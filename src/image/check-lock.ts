import { IngotError } from "../ground/error.ts";
import type { Project } from "../project/definition.ts";
import { readLock } from "./lock-file.ts";
import type { Lock } from "./lock.ts";
import { requestKey } from "./plan-image-lock.ts";

export type StaleImage = { readonly image: string; readonly why: string };

/** Which images' entries do not fit the definition; none means that the lock is good for a build. Pure. */
export function findStale(project: Project, lock: Lock | undefined): readonly StaleImage[] {
  const images = lock?.images ?? {};
  const defined = [...project.images.values()].flatMap((definition) => {
    const entry = Object.hasOwn(images, definition.name) ? images[definition.name] : undefined;
    if (!entry) return [{ image: definition.name, why: "not locked yet" }];
    if (entry.request === requestKey(definition)) return [];
    return [{ image: definition.name, why: "its base, packages or recommends changed since it was locked" }];
  });
  const gone = Object.keys(images).filter((name) => !project.images.has(name));
  return [...defined, ...gone.map((image) => ({ image, why: "locked, but no longer defined" }))];
}

/** The lock at a path. Throws `lock-missing`. */
export function requireLock(path: string): Lock {
  const lock = readLock(path);
  if (lock) return lock;
  throw new IngotError("lock-missing", `there is no lock at ${path}`, { hint: "ingot lock" });
}
