import type { Package, Relation } from "../package.ts";
import { conflictsOf, isConflict, type PackageState, type PackageStates } from "./package-states.ts";

export type RoomOptions = {
  /** The owner is settled: what conflicts with it is ruled out for good. */
  readonly forGood: boolean;
  /** Go on after what cannot be taken out. */
  readonly goOn: boolean;
};

/** Takes out of the set what conflicts with `owner`; false where something settled, or installed in the base image, stands in the way. */
export function makeRoom(owner: Package, states: PackageStates, options: RoomOptions): boolean {
  let isDone = true;
  for (const relation of conflictsOf(owner)) {
    if (!options.forGood && !states.chosenFor(relation).some((other) => isConflict(owner, other))) continue;
    for (const other of conflictingCandidates(owner, relation, states)) {
      if (takeOut(states.of(other.name), states, options)) continue;
      isDone = false;
      if (!options.goOn) return false;
    }
  }
  return isDone;
}

function conflictingCandidates(owner: Package, relation: Relation, states: PackageStates): readonly Package[] {
  return states.candidatesFor(relation).filter((other) => isConflict(owner, other));
}

function takeOut(state: PackageState, states: PackageStates, { forGood }: RoomOptions): boolean {
  if (state.chosen) {
    // What a base image has stays: its layers are not ours to change.
    if (state.isProtected || state.installed) return false;
    states.choose(state, undefined);
  }
  if (forGood && !state.installed) {
    state.candidate = undefined;
    state.isProtected = true;
  }
  return true;
}
