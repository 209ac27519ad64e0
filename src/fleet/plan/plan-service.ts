import type { Plan, RolloutFact, Situation, Step } from "../fleet.ts";
import { applyFact } from "./apply-fact.ts";
import { emptyDraft, stepsOf } from "./draft.ts";
import { goalOf } from "./goal.ts";
import { leaveAtOnce } from "./leave-at-once.ts";
import { gatherMoments, wakeOf } from "./moments.ts";
import { fillSides, moveTraffic } from "./move-traffic.ts";
import { nextFact } from "./next-fact.ts";
import { noteState } from "./notes.ts";
import { makeScene, type Scene } from "./scene.ts";
import { startMissing } from "./start-missing.ts";
import { stopSpare } from "./stop-spare.ts";

/**
 * What to do now, from what is wanted and what is seen; nothing else is remembered, so whoever was killed between two steps plans anew. An empty plan: nothing is to be done before `wake`, unless something
 * happens. What ends a rollout ends the plan too: what is wanted then is for the record to say.
 */
export function planService(situation: Situation): Plan {
  const { facts, scene } = recordWhatHappened(situation);
  const records = facts.map((fact): Step => ({ kind: "record", fact }));
  if (facts.length === 0) return planLevel(scene);
  const urgent = emptyDraft();
  leaveAtOnce(scene, urgent);
  const first = [...stepsOf(urgent), ...records];
  if (facts.some(({ kind }) => kind !== "moved")) return { steps: first, notes: [] };
  const rest = planLevel(withoutUrgent(scene));
  return { ...rest, steps: [...first, ...rest.steps] };
}

/** The facts that are not on the record yet, and the scene once they are. A rollout may move more than once at the same moment, and each status but `running` comes at most once. */
function recordWhatHappened(situation: Situation): { readonly facts: readonly RolloutFact[]; readonly scene: Scene } {
  const facts: RolloutFact[] = [];
  let scene = makeScene(situation);
  for (let fact = nextFact(scene); fact !== undefined; fact = nextFact(scene)) {
    facts.push(fact);
    if (fact.kind !== "moved") break;
    const { now, desired } = scene.situation;
    scene = makeScene({ ...situation, desired: applyFact(desired, fact, now) });
  }
  return { facts, scene };
}

function planLevel(scene: Scene): Plan {
  const goal = goalOf(scene);
  const draft = { ...emptyDraft(), goal };
  leaveAtOnce(scene, draft);
  const filled = fillSides(scene, goal);
  moveTraffic(scene, filled, draft);
  stopSpare(scene, filled, draft);
  startMissing(scene, scene.target, { count: filled.target.starts, draft });
  startMissing(scene, scene.former, { count: filled.former.starts, draft });
  gatherMoments(scene, draft);
  const wake = wakeOf(draft, scene.situation.now);
  return { steps: stepsOf(draft), notes: [...noteState(scene), ...draft.notes], ...(wake !== undefined && { wake }) };
}

/** What has left already is not asked to leave again in the same plan. */
function withoutUrgent(scene: Scene): Scene {
  const bare = <T extends Scene["target"]>(side: T): T => ({ ...side, condemned: [], gone: [], stopping: [] });
  return { ...scene, target: bare(scene.target), former: bare(scene.former), other: bare(scene.other) };
}
