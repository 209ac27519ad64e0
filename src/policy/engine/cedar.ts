import { createRequire } from "node:module";
import { IngotError } from "../../ground/error.ts";
import type * as CedarModule from "@cedar-policy/cedar-wasm/nodejs";

export type Cedar = typeof CedarModule;

/**
 * Cedar's program. It runs in WebAssembly with a stack of one megabyte: a text that is nested too deeply ends it with a `RuntimeError`, after which everything it is asked
 * fails. So it is thrown away then, and `generation` tells that what was prepared in it is gone.
 */
export type CedarHost = {
  /** Throws `CedarEnded` where Cedar ended over it; the next call has a new one. */
  readonly use: <T>(work: (cedar: Cedar) => T) => T;
  /** Begins anew, which frees all that was prepared. */
  readonly renew: () => void;
  readonly generation: () => number;
};

/** What was asked is more than Cedar's stack or memory holds. */
export class CedarEnded extends IngotError {
  constructor(cause: unknown) {
    super("internal-error", "Cedar, which decides by the policies, ended over what it was asked", { cause });
  }
}

/** It is loaded when it is first used, which takes 30 ms. The build for CommonJS is the only one of the package that Node loads without an experimental feature, and that can be loaded again. */
export function openCedar(): CedarHost {
  const require = createRequire(import.meta.url);
  const path = require.resolve("@cedar-policy/cedar-wasm/nodejs");
  let generation = 0;
  let cedar: Cedar | undefined;
  return {
    generation: () => generation,
    renew,
    use: (work) => {
      try {
        return work((cedar ??= load()));
      } catch (error) {
        // Its answers have their mistakes in them; whatever it throws is the end of it.
        renew();
        throw new CedarEnded(error);
      }
    },
  };

  function load(): Cedar {
    delete require.cache[path];
    return require(path) as Cedar;
  }

  function renew(): void {
    generation += 1;
    cedar = load();
  }
}
