import { join } from "node:path";
import { withFileLock } from "../../ground/file-lock.ts";
import { collectGarbage } from "../../oci/collect.ts";
import type { Digest } from "../../oci/digest.ts";
import { imagesInUse } from "../../runtime/collect-content.ts";
import type { Controller } from "../controller.ts";
import { makeEvent } from "../events/events.ts";
import { keptBy } from "./kept-by-state.ts";
import { registryOf } from "./registry-of.ts";

export type CollectOptions = {
  /** Who asked for it, as `user:alice`. */
  readonly actor: string;
  /** What is younger than this many milliseconds stays: an upload or build may be about to name it. Default one hour. */
  readonly grace?: number;
  /** Only say what would go. */
  readonly dryRun?: boolean;
};

export type CollectedGarbage = {
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Uploads that nobody went on with. */
  readonly uploads: number;
  /** Bytes. */
  readonly freed: number;
};

/**
 * Frees what nothing needs: no manifest of a repository, release, instance, name of the store, running upload or build. Throws `locked-by-another` where another process builds or
 * collects in this home.
 */
export function collect(controller: Controller, options: CollectOptions): Promise<CollectedGarbage> {
  const { ctx, ledger, store } = controller;
  const { actor, grace = 3_600_000, dryRun = false } = options;
  const registry = registryOf(controller);
  // A deletion that is not durable yet may not come to be: what it frees is not garbage before.
  return registry.takeAway(() =>
    // A build stores layers before anything names them.
    withFileLock(join(ctx.home, "build.lock"), () => work(), { wait: 10_000, what: `the store in ${ctx.home}` }),
  );

  async function work(): Promise<CollectedGarbage> {
    const now = ctx.now();
    const since = now.getTime() - grace;
    const uploads = dryRun ? 0 : registry.uploads.sweep();
    // Nothing else happens in this process while it looks and removes: no push can come to rest on what goes.
    const collected = await collectGarbage(store, {
      roots: imagesInUse(ctx),
      keep: keptBy(ledger.state, registry.links, { since }),
      grace,
      dryRun,
      now,
    });
    if (dryRun) return { blobs: collected.blobs, uploads, freed: collected.freed };
    for (const { repository, digest, made } of registry.links.list()) {
      if (made < since) registry.links.remove(repository, digest);
    }
    const { blobs, freed } = collected;
    if (freed > 0) {
      const event = makeEvent(actor, "garbage.collected", { blobs: blobs.length, freed });
      await ledger.transact(() => ({ events: [event], result: undefined }));
    }
    return { blobs, uploads, freed };
  }
}
