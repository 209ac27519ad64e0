import type { BuildStep } from "./build-plan.ts";

/** What is kept of a step of the last build of an image, to tell the next one why it differs. */
export type StepRecord = Pick<BuildStep, "name" | "kind" | "key" | "inputs">;

/** At most this many changed inputs are named; the rest are counted. */
const mostNamed = 4;

/**
 * Why a step has to be made again: one line. `former` are the steps of the last build of the same image, `below` is whether the step beneath it
 * is itself a new one.
 */
export function explainStep(step: BuildStep, former: readonly StepRecord[] | undefined, below: boolean): string {
  const before = former?.find((record) => record.name === step.name && record.kind === step.kind);
  if (!before)
    return former === undefined ? "the first build of this image here" : "a step that the last build did not have";
  if (before.key === step.key) return "the same as in the last build, but no longer in the cache";
  const changes = changedInputs(before.inputs, step.inputs);
  if (changes.length > 0) {
    const rest = changes.length > mostNamed ? `, and ${changes.length - mostNamed} more` : "";
    return `changed: ${changes.slice(0, mostNamed).join(", ")}${rest}`;
  }
  return below ? "the layers below it changed" : "the base, date, compression or release of Ingot changed";
}

function changedInputs(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    if (was === is) return [];
    if (was === undefined) return [`${name} is new`];
    return is === undefined ? [`${name} is gone`] : [name];
  });
}
