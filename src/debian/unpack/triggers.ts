import { readLines } from "./diversions.ts";
import type { Tree } from "./tree.ts";

const folder = "var/lib/dpkg/triggers";

/**
 * dpkg's trigger database (deb-triggers(5)): who is interested in what, and what was set off and is not yet handed to the interested package. Only
 * paths are set off here: named triggers are set off once more when dpkg configures the package.
 */
export class TriggerDatabase {
  /** Path → lines `PACKAGE` or `PACKAGE/noawait`. */
  readonly #paths = new Map<string, string[]>();
  readonly #named = new Map<string, string[]>();
  /** Path → the packages that wait for its processing; `-` for nobody. */
  readonly #pending = new Map<string, Set<string>>();
  readonly #folders = new Map<string, readonly string[]>();

  constructor(tree: Tree) {
    for (const line of readLines(tree, `${folder}/File`)) {
      const [path = "", who = ""] = line.split(" ");
      append(this.#paths, path, who);
    }
  }

  /** Notes what a package's `triggers` control file is interested in. */
  addInterests(content: Buffer, packageName: string): void {
    for (const line of content.toString("utf8").split("\n")) {
      const [, suffix = "", name = ""] = /^\s*interest(-await|-noawait)?\s+(\S+)/.exec(line) ?? [];
      // A named trigger is a file name of the database, and nothing else (deb-triggers(5)).
      if (!name.startsWith("/") && !/^[^/.][^/]*$/.test(name)) continue;
      const who = suffix === "-noawait" ? `${packageName}/noawait` : packageName;
      append(name.startsWith("/") ? this.#paths : this.#named, name, who);
    }
    this.#folders.clear();
  }

  /** A path was unpacked: sets off the triggers on it and on the folders above it. */
  activate(path: string, packageName: string): void {
    if (this.#paths.size === 0) return;
    const absolute = `/${path}`;
    const above = this.#triggersAbove(absolute.slice(0, absolute.lastIndexOf("/")));
    for (const trigger of this.#paths.has(absolute) ? [...above, absolute] : above) {
      const waits = this.#paths.get(trigger)?.every((who) => who.endsWith("/noawait")) ? "-" : packageName;
      const waiting = this.#pending.get(trigger) ?? new Set();
      this.#pending.set(trigger, waiting.add(waits));
    }
  }

  /** Writes what changed, for the next dpkg. */
  save(tree: Tree): void {
    const lines = [...this.#paths].flatMap(([path, who]) => who.map((item) => `${path} ${item}\n`));
    tree.writeText(`${folder}/File`, lines.join(""));
    for (const [name, who] of this.#named) {
      const known = readLines(tree, `${folder}/${name}`);
      tree.writeText(`${folder}/${name}`, [...new Set([...known, ...who])].map((item) => `${item}\n`).join(""));
    }
    const pending = [...this.#pending].map(([path, waiting]) => `${path} ${[...waiting].join(" ")}\n`);
    if (pending.length > 0) tree.writeText(`${folder}/Unincorp`, pending.join(""));
    this.#named.clear();
    this.#pending.clear();
  }

  #triggersAbove(path: string): readonly string[] {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf("/");
    const above = slash < 0 ? [] : this.#triggersAbove(path.slice(0, slash));
    const found = this.#paths.has(path) ? [...above, path] : above;
    this.#folders.set(path, found);
    return found;
  }
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key) ?? [];
  if (!list.includes(value)) list.push(value);
  map.set(key, list);
}
