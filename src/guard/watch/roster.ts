import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../../ground/error.ts";
import type { RuntimePaths } from "../../runtime/paths.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { openImageFiles, type ImageFiles } from "../content/image-files.ts";
import type { WatchedInstance } from "../guard.ts";
import type { Desk } from "./desk.ts";
import { unlessEnded } from "./read-process.ts";
import { coveredBy, isSealed, readBaseline, type Watch } from "./watch.ts";

/** Who is watched, from when somebody wants it until nobody does. */
export type Roster = {
  /** Exactly these from now on; returns those that are new and alive. */
  readonly set: (instances: readonly WatchedInstance[]) => readonly Watch[];
  /** Throws `guard-instance-unknown`. */
  readonly find: (id: InstanceId) => Watch;
};

export type RosterOptions = {
  readonly paths: RuntimePaths;
  /** Where what each was at first is kept. */
  readonly baselines: string;
  readonly learnNamespace: (pid: number) => bigint | undefined;
  readonly onAdd: (watch: Watch) => void;
  readonly onRemove: (id: InstanceId) => void;
};

export function openRoster(desk: Desk, { paths, baselines, learnNamespace, onAdd, onRemove }: RosterOptions): Roster {
  const images = new Map<string, ImageFiles>();
  const add = (instance: WatchedInstance): Watch[] => {
    const baseline = readBaseline(baselines, instance);
    if (baseline === undefined) return [];
    const root = contentRoot(paths.contentMount(instance.image), instance.pid);
    // It has ended by now, and its content is mounted no more: the others are to be watched nevertheless.
    const image = images.get(root) ?? unlessEnded(() => openImageFiles(root));
    if (image === undefined) return [];
    images.set(root, image);
    const view = { image, covered: coveredBy(baseline.mounts), isSealed: isSealed(baseline.mounts) };
    const watch: Watch = { instance, baseline, view, userNamespace: learnNamespace(instance.pid) };
    desk.watches.set(instance.id, watch);
    onAdd(watch);
    return [watch];
  };
  const remove = (id: InstanceId): void => {
    onRemove(id);
    desk.watches.delete(id);
    desk.table.forget(id);
    rmSync(join(baselines, `${id}.json`), { force: true });
  };
  return {
    set: (instances) => {
      for (const [id, known] of desk.watches) {
        const given = instances.find((one) => one.id === id);
        if (given?.pid === known.instance.pid) known.instance = given;
        else remove(id);
      }
      // Before: of an image whose last instance went with this very call, the content may have been mounted anew, as another device.
      forgetUnused(images, [...desk.watches.values()]);
      const fresh = instances.filter(({ id }) => !desk.watches.has(id)).flatMap(add);
      return fresh;
    },
    find: (id) => {
      const watch = desk.watches.get(id);
      if (watch !== undefined) return watch;
      throw new IngotError("guard-instance-unknown", `the guard does not watch an instance ${id}`, {
        hint: "ingot instances",
      });
    },
  };
}

/** The content as the host has it; for instances of a runtime that has none of its own, what their first process sees. */
function contentRoot(mounted: string, pid: number): string {
  return ["usr", "bin", "etc"].some((name) => existsSync(join(mounted, name))) ? mounted : `/proc/${pid}/root`;
}

/** An image that comes back later may be mounted anew, as another device. */
function forgetUnused(images: Map<string, ImageFiles>, watches: readonly Watch[]): void {
  for (const [root, image] of images) if (!watches.some(({ view }) => view.image === image)) images.delete(root);
}
