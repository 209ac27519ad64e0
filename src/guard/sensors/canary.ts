import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** The guard's own test execution: what is not seen of it is not seen of an attacker either. */
export type Canary = {
  /** Whether this is the name of one; it counts as seen then. */
  readonly isOwn: (filename: string) => boolean;
  /** Executes something under a name that nobody can foresee; resolves to whether it was seen. */
  readonly sing: () => Promise<boolean>;
};

/** Milliseconds. The machine may be busy; a sensor that works has it within one. */
const patience = 2000;

/** `folder`: for its names. */
export function openCanary(folder: string, random: (size: number) => Buffer): Canary {
  const awaited = new Map<string, () => void>();
  return {
    isOwn: (filename) => {
      const seen = awaited.get(filename);
      seen?.();
      return seen !== undefined;
    },
    sing: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `canary-${random(12).toString("hex")}`);
      symlinkSync("/bin/true", path);
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(false), patience);
      awaited.set(path, () => resolve(true));
      const child = spawn(path, [], { stdio: "ignore", env: {} });
      child.on("error", () => resolve(false));
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        awaited.delete(path);
        rmSync(path, { force: true });
      }
    },
  };
}
