import { closeSync, fstatSync, watch as watchFolder, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../../../ground/error.ts";
import { readPiece, useContent, useInside } from "../../../runtime/look/open-inside.ts";
import type { Drift } from "../../guard.ts";
import { namesIn } from "../../response/capture/open-below.ts";
import { judgeFile } from "../../verdict/judge-file.ts";
import type { Desk } from "../../watch/desk.ts";
import type { Watch } from "../../watch/watch.ts";
import { collectChanges } from "./collect-changes.ts";
import { keepOpen, useChild } from "./open-child.ts";

/** The folders of an instance that it may write to. */
export type FileWatch = {
  /** Looks at everything in them. */
  readonly scan: () => readonly Drift[];
  readonly close: () => void;
};

type Folder = {
  readonly file: number;
  readonly path: string;
  readonly device: number;
  readonly watcher: FSWatcher | undefined;
};

/** What is looked at in one go: by which sensor, and how many entries are left. */
type Look = { readonly sensor: Drift["sensor"]; left: number };

/** Folders and entries of one instance. Attack: a program that makes a million of them; what is beyond is looked at by nobody, but a program in it is still seen when it runs. */
const mostFolders = 256;
const mostEntries = 4096;

export function watchFiles(desk: Desk, watch: Watch): FileWatch {
  const folders = new Map<string, Folder>();
  const changes = collectChanges<Folder>({
    now: desk.now,
    most: mostEntries,
    onChanged: (all) => {
      const look: Look = { sensor: "files", left: mostEntries };
      for (const { folder, name } of all) lookAt(folder, name, look);
    },
  });
  const lookAt = (folder: Folder, name: Buffer, look: Look): readonly Drift[] => {
    look.left -= 1;
    return useChild(folder.file, name, (place) => judgePlace(place, folder, { name, look })) ?? [];
  };
  const judgePlace = (
    place: number,
    { path: parent, device }: Folder,
    { name, look }: { name: Buffer; look: Look },
  ): readonly Drift[] => {
    const stats = fstatSync(place);
    const path = join(parent, name.toString("utf8"));
    // Something else is mounted there: that is told by its own rule.
    if (stats.dev !== device) return [];
    if (stats.isDirectory()) return addFolder(place, path, look);
    if (!stats.isFile()) return [];
    const head = Buffer.alloc(4);
    useContent(place, (file) => readPiece(file, head));
    return desk.report(watch, judgeFile({ path, mode: stats.mode, head }), { sensor: look.sensor, mark: stats.ino });
  };
  const addFolder = (place: number, path: string, look: Look): readonly Drift[] => {
    const { dev: device, ino: inode } = fstatSync(place);
    const key = `${device}:${inode}`;
    const known = folders.get(key);
    if (known !== undefined) return look.sensor === "sweep" ? scanFolder(known, look) : [];
    const file = folders.size < mostFolders ? keepOpen(place) : undefined;
    if (file === undefined) return [];
    const note = (name: Buffer): void => changes.note(key, { folder, name });
    const folder: Folder = { file, path, device, watcher: openWatcher(file, note) };
    folders.set(key, folder);
    // What was made before the watch began.
    return scanFolder(folder, look);
  };
  const scanFolder = (folder: Folder, look: Look): readonly Drift[] => {
    return firstNames(folder, look.left).flatMap((name) => (look.left > 0 ? lookAt(folder, name, look) : []));
  };
  return {
    scan: () => {
      const look: Look = { sensor: "sweep", left: mostEntries };
      dropGone(folders);
      const root = `/proc/${watch.instance.pid}/root`;
      return writableFolders(watch).flatMap(
        (path) => useInside(root, path, (place) => addFolder(place, path, look)) ?? [],
      );
    },
    close: () => {
      changes.close();
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

/** Attack: a folder of a million names, each of which would have to be read before the first is looked at. */
function firstNames({ file }: Folder, most: number): readonly Buffer[] {
  return namesIn(file).take(most).toArray();
}

function dropGone(folders: Map<string, Folder>): void {
  for (const [key, folder] of folders) {
    if (fstatSync(folder.file).nlink > 0) continue;
    folders.delete(key);
    closeFolder(folder);
  }
}

/** By the open folder, so that no link leads elsewhere. Undefined where the host has no more watches (fs.inotify.max_user_watches): the sweep looks there. */
function openWatcher(folder: number, onName: (name: Buffer) => void): FSWatcher | undefined {
  try {
    const options = { encoding: "buffer", persistent: false } as const;
    const watcher = watchFolder(`/proc/self/fd/${folder}`, options, (_event, name) => name !== null && onName(name));
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
