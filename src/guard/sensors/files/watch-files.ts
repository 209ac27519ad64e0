import { closeSync, fstatSync, readdirSync, watch as watchFolder, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../../ground/error.ts";
import { readPiece, unlessGone, useContent, useInside } from "../../../runtime/look/open-inside.ts";
import type { Drift } from "../../guard.ts";
import { judgeFile } from "../../verdict/judge-file.ts";
import type { Desk } from "../../watch/desk.ts";
import type { Watch } from "../../watch/watch.ts";
import { keepOpen, useChild } from "./open-child.ts";

/** The folders of an instance that it may write to. */
export type FileWatch = {
  /** Looks at everything in them. */
  readonly scan: (sensor: Drift["sensor"]) => readonly Drift[];
  readonly close: () => void;
};

type Folder = {
  readonly file: number;
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  readonly watcher: FSWatcher | undefined;
};

/** Folders and entries of one instance. Attack: a program that makes a million of them; what is beyond is looked at by nobody, but a program in it is still seen when it runs. */
const mostFolders = 256;
const mostEntries = 4096;
/** Milliseconds from an event to the look: a file is written in pieces. Of a folder that is written to all the time. */
const soon = 15;
const later = 250;

export function watchFiles(desk: Desk, watch: Watch): FileWatch {
  const folders = new Map<string, Folder>();
  const changed = new Map<string, { readonly folder: Folder; readonly name: Buffer }>();
  let timer: NodeJS.Timeout | undefined;
  let looked = 0;
  let sensor: Drift["sensor"] = "files";
  let budget = mostEntries;

  const look = (folder: Folder, name: Buffer): readonly Drift[] => {
    budget -= 1;
    return useChild(folder.file, name, (place) => lookAt(folder, name, place)) ?? [];
  };
  const lookAt = (folder: Folder, name: Buffer, place: number): readonly Drift[] => {
    const stats = fstatSync(place);
    const path = join(folder.path, name.toString("utf8"));
    // Something else is mounted there: that is told by its own rule.
    if (stats.dev !== folder.device) return [];
    if (stats.isDirectory()) return addFolder(place, path);
    if (!stats.isFile()) return [];
    const head = Buffer.alloc(4);
    useContent(place, (file) => readPiece(file, head));
    const mark = stats.ino;
    return desk.report(watch, judgeFile({ path, mode: stats.mode, head }), { sensor, mark });
  };
  const addFolder = (place: number, path: string): readonly Drift[] => {
    const { dev: device, ino: inode } = fstatSync(place);
    const key = `${device}:${inode}`;
    const known = folders.get(key);
    if (known !== undefined) return sensor === "sweep" ? scanFolder(known) : [];
    const file = folders.size < mostFolders ? keepOpen(place) : undefined;
    if (file === undefined) return [];
    const folder: Folder = { file, path, device, inode, watcher: openWatcher(file, (name) => note(key, name)) };
    folders.set(key, folder);
    // What was made before the watch began.
    return scanFolder(folder);
  };
  const scanFolder = (folder: Folder): readonly Drift[] => {
    const names = unlessGone(() => readdirSync(`/proc/self/fd/${folder.file}`, { encoding: "buffer" })) ?? [];
    return names.flatMap((name) => (budget > 0 ? look(folder, name) : []));
  };
  const note = (key: string, name: Buffer | null): void => {
    const folder = folders.get(key);
    if (folder === undefined || name === null || changed.size >= mostEntries) return;
    changed.set(`${key}/${name.toString("latin1")}`, { folder, name });
    timer ??= setTimeout(lookAtChanged, desk.now() - looked < 1000 ? later : soon).unref();
  };
  const lookAtChanged = (): void => {
    timer = undefined;
    looked = desk.now();
    sensor = "files";
    budget = mostEntries;
    const all = [...changed.values()];
    changed.clear();
    for (const { folder, name } of all) look(folder, name);
  };
  const dropGone = (): void => {
    for (const [key, folder] of folders) {
      if (fstatSync(folder.file).nlink > 0) continue;
      folders.delete(key);
      closeFolder(folder);
    }
  };
  const scan = (by: Drift["sensor"]): readonly Drift[] => {
    sensor = by;
    budget = mostEntries;
    dropGone();
    const root = `/proc/${watch.instance.pid}/root`;
    return writableFolders(watch).flatMap((path) => useInside(root, path, (place) => addFolder(place, path)) ?? []);
  };
  return {
    scan,
    close: () => {
      clearTimeout(timer);
      for (const folder of folders.values()) closeFolder(folder);
      folders.clear();
    },
  };
}

/** Of what it started with: every mount that it may write to. */
function writableFolders({ baseline }: Watch): readonly string[] {
  const targets = baseline.mounts.filter(({ type, options }) => type === "tmpfs" && options.includes("rw"));
  return targets.map(({ target }) => target);
}

/** By the open folder, so that no link leads elsewhere. Undefined where the host has no more watches (fs.inotify.max_user_watches): the sweep looks there. */
function openWatcher(folder: number, onName: (name: Buffer | null) => void): FSWatcher | undefined {
  try {
    const watcher = watchFolder(`/proc/self/fd/${folder}`, { encoding: "buffer", persistent: false }, (_, name) =>
      onName(name as Buffer | null),
    );
    // The folder is gone: nothing happens in it any more.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch (error) {
    if (["ENOSPC", "ENOENT", "EMFILE", "ENOTDIR"].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

function closeFolder({ watcher, file }: Folder): void {
  watcher?.close();
  closeSync(file);
}
