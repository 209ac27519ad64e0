import { collectDefaultMetrics, Counter, Gauge, Registry, type OpenMetricsContentType } from "prom-client";
import type { Controller } from "../../controller/controller.ts";
import { operationsOf } from "../../controller/operations.ts";
import { listAlarms } from "../../controller/state/alarms.ts";
import { listCounts } from "../../controller/state/counts.ts";
import { listCurrent } from "../../controller/state/releases.ts";
import { lastScanned } from "../../controller/state/statements.ts";
import { readVersion } from "../../ground/version.ts";
import { sayFleet, sayGuard } from "./running-metrics.ts";

/** What a controller's metrics are made of; one a server. */
export type Metrics = {
  /** The media type with its version. */
  readonly type: string;
  /** Everything as it is now, in the OpenMetrics text format 1.0. */
  readonly read: () => Promise<string>;
};

/** A family of values with labels, set anew at each reading: what is gone (an instance, a service) is gone from the text, too. */
export type Family = { readonly set: (labels: Readonly<Record<string, string>>, value: number) => void };

export type MakeFamily = (name: string, help: string, labels: readonly string[]) => Family;

export function openMetrics(controller: Controller): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  collectDefaultMetrics({ register: registry });
  const families: (() => void)[] = [];
  const gauge: MakeFamily = (name, help, labels) => {
    const one = new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
    families.push(() => one.reset());
    return { set: (values, value) => one.set(values, value) };
  };
  const counter: MakeFamily = (name, help, labels) => {
    const one = new Counter({ name, help, labelNames: [...labels], registers: [registry] });
    families.push(() => one.reset());
    // What counts is elsewhere: on the record, at the proxy, in the kernel. Here it is only told.
    return { set: (values, value) => one.inc(values, value) };
  };
  const record = sayRecord(controller, { gauge, counter });
  const fleet = sayFleet({ gauge, counter });
  const guard = sayGuard({ gauge, counter });
  return {
    type: registry.contentType,
    read: async () => {
      const operations = operationsOf(controller);
      const status = await operations?.guard?.status();
      for (const reset of families) reset();
      record();
      if (operations !== undefined) fleet(operations.fleet.list());
      if (status !== undefined) guard(status);
      return registry.metrics();
    },
  };
}

export type Makers = { readonly gauge: MakeFamily; readonly counter: MakeFamily };

/** What the ledger knows, whether this controller runs instances or not. */
function sayRecord({ ledger }: Controller, { gauge, counter }: Makers): () => void {
  const info = gauge("ingot_build_info", "The release of Ingot; always 1.", ["version"]);
  const events = counter("ingot_ledger_events", "Events in the ledger.", []);
  const decisions = counter("ingot_decisions", "Decisions of policies on the record.", ["action", "outcome"]);
  const rollouts = counter("ingot_rollouts", "Rollouts that have ended.", ["environment", "service", "outcome"]);
  const drift = counter("ingot_drift", "Drift that was found.", ["environment", "service", "rule"]);
  const replaced = counter("ingot_drift_replaced", "Findings of drift whose instance was replaced.", [
    "environment",
    "service",
  ]);
  const alarms = gauge("ingot_alarms", "Alarms that stand.", ["environment", "service", "alarm"]);
  const age = gauge("ingot_scan_age_seconds", "Age of the newest scan that counts of a current release's image.", [
    "environment",
    "service",
  ]);
  return () => {
    const { state } = ledger;
    info.set({ version: readVersion() }, 1);
    events.set({}, ledger.log.checkpoint().size);
    for (const { labels, count } of listCounts(state, "decision")) decisions.set(labels, count);
    for (const { labels, count } of listCounts(state, "rollout")) rollouts.set(labels, count);
    for (const { labels, count } of listCounts(state, "drift")) drift.set(labels, count);
    for (const { labels, count } of listCounts(state, "replaced")) replaced.set(labels, count);
    const now = ledger.now().getTime() / 1000;
    for (const { environment, service, image } of listCurrent(state)) {
      const finished = lastScanned(state, image);
      if (finished !== undefined) age.set({ environment, service }, Math.max(0, Math.round(now - finished)));
    }
    for (const { environment, service, alarm } of listAlarms(state)) alarms.set({ environment, service, alarm }, 1);
  };
}
