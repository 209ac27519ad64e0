import { lstatSync, statSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";

/**
 * Attack: another user of this host puts an ingot.yaml with keys of his own where others work, such as into /tmp, and the nearest one upwards counts. One that
 * lies in a folder of the same owner as the folder that the person stands in was chosen by standing there. The same goes for the exceptions beside it.
 */
export function assertNotPlanted({ cwd }: Context, path: string): void {
  const { uid, mode } = statSync(path);
  const owners = [0, process.getuid?.() ?? 0, statSync(cwd).uid];
  // A link too: the paths of keys are below the folder that it lies in, not below the one that it leads to.
  const stranger = [uid, lstatSync(path).uid].find((owner) => !owners.includes(owner));
  if (stranger === undefined && (mode & 0o002) === 0) return;
  const why = stranger === undefined ? "every user of this host may write it" : `it belongs to user ${stranger}`;
  throw new IngotError("trust-exposed", `${path} says whose word counts, and ${why}`, {
    hint: `where that is right, name it: --file ${path}`,
  });
}
