import type { Hierarchies } from "../../response/freeze-cgroup.ts";
import { addCompanions } from "../../watch/seed-processes.ts";
import type { InstanceId } from "../../../runtime/runtime.ts";
import type { Desk } from "../../watch/desk.ts";
import type { Watch } from "../../watch/watch.ts";
import { checkProcess } from "./check-process.ts";
import { findInside } from "./find-strays.ts";
import { sweepInstance } from "./sweep-instance.ts";

/** Goes round all instances slowly, one after the other, and looks again at what executed something a moment ago. */
export type Sweeper = {
  readonly lookAgain: (watch: Watch, pid: number) => void;
  readonly lookForOthers: (watch: Watch) => void;
  readonly close: () => void;
};

export type SweeperOptions = {
  readonly hierarchies: Hierarchies;
  /** Called before each round. */
  readonly onRound: () => void;
  /** Called with each instance in its turn. */
  readonly onInstance: (watch: Watch) => void;
};

/** Milliseconds: of one round over all instances; of the shortest step. */
const roundTime = 15_000;
const shortestStep = 100;
/** Milliseconds after an execution: the dynamic loader has mapped what it was told to; a program has had the time to load more. */
const againAfter = [20, 400] as const;
/** Milliseconds after somebody came from the host: a runtime takes some ten to be inside. */
const othersAfter = [1, 4, 12, 50] as const;
/** Of the processes that execute something at the same time, so many are looked at again. The sweep comes to all. */
const mostAgain = 64;

export function openSweeper(desk: Desk, { hierarchies, onRound, onInstance }: SweeperOptions): Sweeper {
  let queue: InstanceId[] = [];
  let inside: ReadonlyMap<InstanceId, readonly number[]> = new Map();
  let timer: NodeJS.Timeout | undefined;
  const step = (): void => {
    if (queue.length === 0) {
      queue = [...desk.watches.keys()];
      inside = findInside([...desk.watches.values()]);
      onRound();
    }
    const watch = desk.watches.get(queue.shift() ?? ("" as InstanceId));
    if (watch !== undefined) {
      sweepInstance(desk, watch, { hierarchies, strays: inside.get(watch.instance.id) ?? [], sensor: "sweep" });
      onInstance(watch);
    }
    plan();
  };
  const plan = (): void => {
    timer = setTimeout(step, Math.max(shortestStep, roundTime / Math.max(1, desk.watches.size))).unref();
  };
  plan();
  const again = againAfter.map((milliseconds) => lookAfter(desk, milliseconds));
  return {
    lookForOthers: (watch) => {
      for (const wait of othersAfter) setTimeout(() => lookForOthers(desk, hierarchies, watch), wait).unref();
    },
    lookAgain: (watch, pid) => again.forEach((look) => look.add(watch, pid)),
    close: () => {
      clearTimeout(timer);
      for (const look of again) look.close();
    },
  };
}

/** Who came, and is not there yet when the kernel tells of what it executes, is judged by what it runs. */
function lookForOthers(desk: Desk, hierarchies: Hierarchies, watch: Watch): void {
  if (!desk.watches.has(watch.instance.id)) return;
  void desk.follow(addCompanions(desk, hierarchies, watch));
  for (const [pid, instance] of desk.arriving) {
    if (instance === watch.instance.id) checkProcess(desk, watch, pid, { sensor: "sweep", isMember: true });
  }
}

function lookAfter(desk: Desk, milliseconds: number): { add: (watch: Watch, pid: number) => void; close: () => void } {
  const waiting = new Map<number, Watch>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const all = [...waiting];
    waiting.clear();
    for (const [pid, watch] of all) {
      if (desk.table.get(pid)?.instance === watch.instance.id)
        checkProcess(desk, watch, pid, { sensor: "sweep", isMember: true });
    }
  };
  return {
    add: (watch, pid) => {
      if (waiting.size < mostAgain) waiting.set(pid, watch);
      timer ??= setTimeout(look, milliseconds).unref();
    },
    close: () => clearTimeout(timer),
  };
}
