import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../ground/atomic-file.ts";
import { isErrno } from "../ground/error.ts";
import { hexOf, type Digest } from "../oci/digest.ts";
import type { Accounts } from "./accounts.ts";
import type { LayerBlob } from "../oci/layer/layer-blob.ts";
import type { StepRecord } from "./explain-step.ts";

/** What a finished step gave: its layers, and the users that the image has after it. */
export type StepOutcome = { readonly layers: readonly LayerBlob[]; readonly accounts: Accounts };

/**
 * The two memories of builds, both only caches: outcomes by step key, and per image the steps of its last build. They are not fsynced: a
 * record lost in a crash costs a rebuild, and one that is half written does not parse and counts as missing.
 */
export type BuildCache = {
  /** The outcome of a step if it is known and all its blobs are still in the store. */
  readonly find: (key: Digest) => StepOutcome | undefined;
  readonly keep: (key: Digest, outcome: StepOutcome) => void;
  readonly lastSteps: (image: string) => readonly StepRecord[] | undefined;
  readonly keepSteps: (image: string, steps: readonly StepRecord[]) => void;
};

/** Opens the caches below `$INGOT_HOME`; `hasBlob` asks the store. */
export function openBuildCache(home: string, hasBlob: (digest: Digest) => boolean): BuildCache {
  const stepPath = (key: Digest) => join(home, "cache/steps", `${hexOf(key)}.json`);
  const imagePath = (image: string) => join(home, "cache/builds", `${image}.json`);
  return {
    find: (key) => {
      const outcome = readJson<StepOutcome>(stepPath(key));
      return outcome?.layers.every((layer) => hasBlob(layer.digest)) ? outcome : undefined;
    },
    keep: (key, outcome) => writeFileAtomic(stepPath(key), JSON.stringify(outcome), { durable: false }),
    lastSteps: (image) => readJson<readonly StepRecord[]>(imagePath(image)),
    keepSteps: (image, steps) => {
      const text = JSON.stringify(steps.map(({ name, kind, key, inputs }) => ({ name, kind, key, inputs })));
      if (!existsSync(imagePath(image)) || readFileSync(imagePath(image), "utf8") !== text) {
        writeFileAtomic(imagePath(image), text, { durable: false });
      }
    },
  };
}

/** A cache file is written by this code alone; what is missing or cut off counts as absent. */
function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
