import type { Baseline } from "../watch/watch.ts";
import { drift, type Verdict } from "./finding.ts";

/** Settings of a living process. */
export type ProcessState = {
  readonly pid: number;
  readonly program: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Links of /proc/PID/ns; empty where the process is in none of the instance's groups. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly idMaps: Readonly<Record<string, string>>;
};

/** A process against what the instance's first one was when it had been verified. */
export function judgeState(baseline: Baseline, state: ProcessState): readonly Verdict[] {
  return [
    ...judgeCapabilities(baseline, state),
    ...judgeSettings(baseline, state),
    ...judgeNamespaces(baseline, state),
  ];
}

function judgeCapabilities({ settings: before }: Baseline, { settings, program }: ProcessState): readonly Verdict[] {
  const gained = Object.keys(settings).filter(
    (name) => name.startsWith("Cap") && gainedBits(before[name], settings[name]) !== 0n,
  );
  if (gained.length === 0) return [];
  const values = gained.map((name) => `${name} ${settings[name]}`).join(", ");
  return [drift("capability-regained", program, `${program} has capabilities: ${values}`)];
}

/** Bits of the second set that are not in the first. A process whose settings cannot be read has none. */
function gainedBits(before = "", now = ""): bigint {
  const bits = (text: string): bigint => (/^[0-9a-f]+$/.test(text) ? BigInt(`0x${text}`) : 0n);
  return bits(now) & ~bits(before);
}

function judgeSettings(baseline: Baseline, { settings, idMaps, program }: ProcessState): readonly Verdict[] {
  const was = { ...baseline.settings, ...baseline.idMaps };
  const is = { ...settings, ...idMaps };
  const changed = Object.keys(is).filter(
    (name) => !name.startsWith("Cap") && is[name] !== "" && is[name] !== was[name],
  );
  return changed.map((name) =>
    drift("hardening-changed", name, `${name} of ${program} is ${is[name]}; the instance started with ${was[name]}`),
  );
}

function judgeNamespaces(baseline: Baseline, { namespaces, program }: ProcessState): readonly Verdict[] {
  const kinds = Object.keys(namespaces).filter(
    (kind) => namespaces[kind] !== "" && namespaces[kind] !== baseline.namespaces[kind],
  );
  return kinds.map((kind) =>
    drift(
      "namespace-changed",
      kind,
      `${program} is in ${namespaces[kind]}; the instance is in ${baseline.namespaces[kind]}`,
    ),
  );
}
