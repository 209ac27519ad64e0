import type { InstanceView, Step, StopReason } from "../fleet.ts";

/** Steps as they are gathered, and the moments at which there may be others. */
export type Draft = {
  readonly admit: InstanceView[];
  readonly drain: InstanceView[];
  readonly stops: { readonly view: InstanceView; readonly why: StopReason }[];
  readonly starts: Extract<Step, { kind: "start" }>[];
  readonly moments: number[];
  readonly notes: string[];
};

export function emptyDraft(): Draft {
  return { admit: [], drain: [], stops: [], starts: [], moments: [], notes: [] };
}

/** In their order: traffic first, then what ends, then what begins. */
export function stepsOf(draft: Draft): readonly Step[] {
  return [
    ...switchOf(draft),
    ...draft.stops.map(({ view, why }): Step => ({ kind: "stop", id: view.id, why })),
    ...draft.starts,
  ];
}

function switchOf({ admit, drain }: Draft): readonly Step[] {
  if (admit.length === 0 && drain.length === 0) return [];
  return [{ kind: "switch", admit: admit.map(({ id }) => id), drain: drain.map(({ id }) => id) }];
}
