import assert from "node:assert/strict";
import { test } from "node:test";
import { processContext } from "../../ground/context.ts";
import type { InstanceId, InstanceState, Runtime } from "../../runtime/runtime.ts";
import type { ServiceKey } from "../fleet.ts";
import { serviceLabels } from "./engine.ts";
import { stopOrphans } from "./stop-orphans.ts";

function instance(id: string, service?: string): InstanceState {
  const labels =
    service === undefined ? {} : { [serviceLabels.environment]: "testing", [serviceLabels.service]: service };
  return { id: id as InstanceId, image: "sha256:1", status: "running", started: "", labels } as InstanceState;
}

test("instances and proxies of services that the record does not have end; those of one that came meanwhile, and of persons, do not", async () => {
  const known = new Set(["testing/old"]);
  const ended: string[] = [];
  const { promise: list, resolve } = Promise.withResolvers<readonly InstanceState[]>();
  const proxy = (service: string): ServiceKey => ({ environment: "testing", service });
  const stopping = stopOrphans({
    ctx: processContext(),
    states: { look: () => list },
    runtime: { stop: async (id: InstanceId) => void ended.push(id) } as unknown as Runtime,
    traffic: {
      list: async () => [proxy("old"), proxy("new"), proxy("lost")],
      remove: async ({ service }) => void ended.push(`proxy of ${service}`),
    },
    known: () => known,
  });
  known.add("testing/new");
  resolve([instance("one", "old"), instance("two", "new"), instance("three", "lost"), instance("four")]);
  await stopping;
  assert.deepEqual(ended, ["three", "proxy of lost"]);
});
