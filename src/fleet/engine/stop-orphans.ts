import { IngotError } from "../../ground/error.ts";
import type { InstanceState } from "../../runtime/runtime.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { serviceLabels } from "./engine.ts";
import type { Host } from "./service.ts";

export type OrphanOptions = Pick<Host, "states" | "runtime" | "ctx"> & {
  readonly traffic: Pick<Traffic, "list" | "remove">;
  /** `production/web` of each service on the record; asked after the look: one that was new meanwhile is known. */
  readonly known: () => ReadonlySet<string>;
};

/**
 * Stops instances and proxies of services that the record does not have: of another record in the same home. What carries no such label, as by `ingot run`, is a person's.
 */
export async function stopOrphans({ states, runtime, ctx, traffic, known }: OrphanOptions): Promise<void> {
  const seen = await states.look();
  const services = known();
  for (const state of seen) {
    const name = serviceOf(state);
    if (name === undefined || services.has(name)) continue;
    ctx.report.warn(`${state.id} is of ${name}, which is not on the record: it is stopped`);
    await tellFailure(ctx, runtime.stop(state.id));
  }
  for (const key of await traffic.list()) {
    const name = `${key.environment}/${key.service}`;
    if (known().has(name)) continue;
    // It would keep an address that others may be given.
    ctx.report.warn(`there is a proxy of ${name}, which is not on the record: it is ended`);
    await tellFailure(ctx, traffic.remove(key, { drain: 0 }));
  }
}

async function tellFailure({ report }: Host["ctx"], work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof IngotError)) throw error;
    report.warn(error.message);
  });
}

function serviceOf({ labels = {} }: InstanceState): string | undefined {
  const environment = labels[serviceLabels.environment];
  const service = labels[serviceLabels.service];
  return environment === undefined || service === undefined ? undefined : `${environment}/${service}`;
}
