import { IngotError } from "../../ground/error.ts";
import type { InstanceState } from "../../runtime/runtime.ts";
import { serviceLabels } from "./engine.ts";
import type { Host } from "./service.ts";

/** Stops instances of services that the record does not have: of another record in the same home. What carries no such label, as by `ingot run`, is a person's. `known`: `production/web` of each. */
export async function stopOrphans(
  { states, runtime, ctx }: Pick<Host, "states" | "runtime" | "ctx">,
  known: ReadonlySet<string>,
): Promise<void> {
  for (const state of await states.look()) {
    const name = serviceOf(state);
    if (name === undefined || known.has(name)) continue;
    ctx.report.warn(`${state.id} is of ${name}, which is not on the record: it is stopped`);
    await runtime.stop(state.id).catch((error: unknown) => {
      if (!(error instanceof IngotError)) throw error;
      ctx.report.warn(error.message);
    });
  }
}

function serviceOf({ labels = {} }: InstanceState): string | undefined {
  const environment = labels[serviceLabels.environment];
  const service = labels[serviceLabels.service];
  return environment === undefined || service === undefined ? undefined : `${environment}/${service}`;
}
