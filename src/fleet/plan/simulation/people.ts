import { digestOf } from "../../../oci/digest.ts";
import type { FleetRelease, RolloutKind, ServiceSpec, UpdateSpec } from "../../fleet.ts";
import { whyNotStarted } from "../may-start.ts";
import {
  cancelRollout,
  liftQuarantine,
  openRollout,
  pauseRollout,
  promoteRollout,
  resumeRollout,
} from "../person-acts.ts";
import { isAlike } from "../scene.ts";
import type { Nature } from "./model-instance.ts";
import { note, type World } from "./world.ts";

const natures = ["fine", "fine", "fine", "slow", "never", "exits", "flaps", "dies-late", "mixed"] as const;

/** What a person does at some moment. The controller refuses what the design refuses: an image in quarantine, a rollback to what runs. */
export function actAsPerson(world: World): void {
  const acts = [deploy, deploy, deploy, rollBack, rollBack, pause, resume, promote, cancel, lift] as const;
  world.random.pick(acts)(world);
}

export function deploy(world: World, nature: Nature = world.random.pick(natures)): void {
  const { random, desired } = world;
  const latest = world.releases.at(-1);
  if (latest !== undefined && random.chance(0.2)) {
    // The same image: another number of instances, or another configuration too.
    const source = desired.stable ?? latest;
    if (whyNotStarted(source, desired) !== undefined) return;
    const isAlikeToo = random.chance(0.6);
    const natureToo = isAlikeToo ? (world.natures.get(source.number) ?? nature) : nature;
    const spec = { ...source.spec, replicas: random.between(1, 5), update: randomUpdate(world) };
    open(world, { kind: "deploy", image: source.image, spec, nature: natureToo, ...(isAlikeToo && { source }) });
    return;
  }
  const spec =
    latest === undefined || random.chance(0.3) ? randomSpec(world) : { ...latest.spec, update: randomUpdate(world) };
  open(world, { kind: "deploy", image: digestOf(`image ${world.releases.length}`), spec, nature });
}

/** To a release that was stable once, and is not what runs. */
export function rollBack(world: World): void {
  const { desired, random } = world;
  const choices = world.formerlyStable.filter(
    (one) =>
      whyNotStarted(one, desired) === undefined && (!isAlike(one, desired.stable) || desired.rollout !== undefined),
  );
  const [first, ...others] = choices.toReversed();
  if (first === undefined) return;
  goBack(world, random.chance(0.7) ? first : random.pick([first, ...others]), "rollback");
}

export function goBack(world: World, source: FleetRelease, kind: RolloutKind): void {
  const nature = world.natures.get(source.number) ?? "fine";
  open(world, { kind, image: source.image, spec: source.spec, nature, source });
}

export function pause(world: World): void {
  if (world.desired.rollout === undefined) return;
  note(world, "a person pauses");
  world.desired = pauseRollout(world.desired, world.now);
}

export function resume(world: World): void {
  if (world.desired.rollout?.status !== "paused") return;
  note(world, "a person resumes");
  world.desired = resumeRollout(world.desired, world.now);
}

export function promote(world: World): void {
  if (world.desired.rollout === undefined) return;
  note(world, "a person promotes");
  world.desired = promoteRollout(world.desired);
}

export function cancel(world: World): void {
  if (world.desired.rollout === undefined) return;
  note(world, "a person cancels");
  world.desired = cancelRollout(world.desired);
}

function lift(world: World): void {
  for (const image of [...world.desired.quarantined].slice(0, 1)) {
    note(world, `a person lifts the quarantine of ${nameOf(world, image)}`);
    world.desired = liftQuarantine(world.desired, image);
  }
}

function nameOf(world: World, image: string): string {
  return `the image of release ${world.releases.find((one) => one.image === image)?.number ?? "?"}`;
}

type Opening = Pick<FleetRelease, "image" | "spec"> & {
  readonly kind: RolloutKind;
  readonly nature: Nature;
  readonly source?: FleetRelease;
};

function open(world: World, { kind, image, spec, nature, source }: Opening): void {
  const number = (world.releases.at(-1)?.number ?? 0) + 1;
  const alike =
    source === undefined ? [] : world.releases.filter((one) => isAlike(one, source)).map((one) => one.number);
  const to: FleetRelease = { number, image, spec, ...(alike.length > 0 && { alike }) };
  world.releases.push(to);
  world.natures.set(number, nature);
  const { strategy, maxParallel } = spec.update;
  note(
    world,
    `release ${number} (${kind}, ${nature}, ${strategy} ${maxParallel}, ${spec.replicas} instances${alike.length > 0 ? `, as ${alike.join(" ")}` : ""})`,
  );
  const desired = openRollout(world.desired, { id: world.nextEvent++, kind, to, at: world.now });
  const { stable } = desired;
  world.desired =
    stable !== undefined && isAlike(to, stable) ? { ...desired, stable: alsoAlike(stable, number) } : desired;
  world.formerlyStable.splice(
    0,
    Infinity,
    ...world.formerlyStable.map((one) => (isAlike(to, one) ? alsoAlike(one, number) : one)),
  );
}

/** What is as good as another one is so both ways. */
function alsoAlike(release: FleetRelease, number: number): FleetRelease {
  return { ...release, alike: [...(release.alike ?? []), number] };
}

function randomSpec(world: World): ServiceSpec {
  const { random } = world;
  return {
    replicas: random.between(1, 5),
    ...(random.chance(0.85) && { listen: { host: "127.0.0.1", port: 8088, mode: "http" }, port: 8080 }),
    health: { probe: { kind: "tcp" }, interval: 100, timeout: 100, healthyAfter: 2, unhealthyAfter: 3 },
    update: randomUpdate(world),
    drain: random.pick([0, 1000, 3000]),
    grace: 1000,
    hold: 1000,
  };
}

function randomUpdate({ random }: World): UpdateSpec {
  return {
    strategy: random.pick(["rolling", "rolling", "canary", "blue-green"]),
    maxParallel: random.between(1, 3),
    minHealthyTime: random.pick([0, 500, 2000]),
    healthyDeadline: random.pick([5000, 10_000]),
    progressDeadline: random.pick([12_000, 30_000]),
    autoRevert: random.chance(0.7),
    canary: random.between(1, 2),
    bake: random.pick([0, 2000, 8000]),
    autoPromote: random.chance(0.7),
    scaleDownDelay: random.pick([0, 10_000, 30_000]),
  };
}
