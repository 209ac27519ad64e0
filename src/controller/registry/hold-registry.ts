import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readLogKey } from "../../ledger/log/log-key.ts";
import { openLedger } from "../../ledger/open-ledger.ts";
import type { Digest } from "../../oci/digest.ts";
import { eventFolder } from "../controller.ts";
import { controllerFold } from "../state/fold.ts";
import { keptBy } from "./kept-by-state.ts";
import { openLinks } from "./links.ts";
import { registryFolder } from "./registry.ts";

/**
 * Runs a command that removes from the store of this home, while no controller can start in it. `keeps` says what the registry of the home's controller needs, which must stay. Throws
 * `locked-by-another` while a controller is running: it alone knows what is about to come to be.
 */
export async function withRegistryHeld<T>(
  ctx: Context,
  { grace }: { readonly grace: number },
  work: (keeps: (digest: Digest) => boolean) => Promise<T>,
): Promise<T> {
  const folder = eventFolder(ctx.home);
  // There never was a controller here.
  if (!existsSync(folder)) return work(() => false);
  const ledger = await open(ctx, folder);
  try {
    const links = openLinks(join(registryFolder(ctx.home), "links"));
    return await work(keptBy(ledger.state, links, { since: ctx.now().getTime() - grace }));
  } finally {
    await ledger.close();
  }
}

async function open(ctx: Context, folder: string): ReturnType<typeof openLedger> {
  const key = readLogKey(join(ctx.home, "ledger/events.key"));
  try {
    return await openLedger({ folder, key, fold: controllerFold, now: ctx.now });
  } catch (cause) {
    if (!(cause instanceof IngotError) || cause.code !== "locked-by-another") throw cause;
    throw new IngotError("locked-by-another", `a controller is running in ${ctx.home}, and collects its store itself`, {
      hint: "ingot gc --controller, signed in as an admin; or stop the controller first",
      cause,
    });
  }
}
