import { IngotError } from "../../ground/error.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import type { Package } from "../package.ts";
import { orderPackages } from "../resolve/order.ts";
import { parsePackage } from "../resolve/stanza.ts";
import { readDeb, type DebFile } from "./deb-file.ts";
import { ReadAhead } from "./read-ahead.ts";
import { readDiversions } from "./diversions.ts";
import { databaseName } from "./info-database.ts";
import { configurePackages, runPreinst, type ScriptOptions } from "./maintainer-scripts.ts";
import { namePackage } from "./name-package.ts";
import { mustConfigureBefore } from "./pre-depends.ts";
import { readStatOverrides } from "./stat-override.ts";
import { statusStanza } from "./status-file.ts";
import type { Tree } from "./tree.ts";
import { TriggerDatabase } from "./triggers.ts";
import { unpackFiles, unpackInfo, type UnpackState } from "./unpack-package.ts";

export type StagePackage = {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
};

export type InstallOptions = ScriptOptions & {
  readonly tree: Tree;
  /** Whether the root is empty: then nothing can run before everything is unpacked. */
  readonly isBootstrap: boolean;
  /** Called when a package's files are in the tree, with its entries as they lie there. The next package waits for what it returns. */
  readonly onUnpacked: (item: Package, deb: DebFile, entries: readonly TarEntry[]) => Promise<void> | undefined;
  /** Called before each run of scripts: what was unpacked so far may be changed from now on. */
  readonly onScripts: () => void;
  /** Times a phase. */
  readonly measure: <T>(phase: string, work: () => Promise<T>) => Promise<T>;
  readonly onConfigured?: (name: string) => void;
};

/** The archives of a stage, whose contents are decompressed ahead of their installation. */
export type OpenPackages = {
  /** In the order of installation. */
  readonly ordered: readonly Package[];
  readonly debs: ReadonlyMap<Package, DebFile>;
  readonly contents: ReadAhead<readonly TarEntry[]>;
};

/** Begins to read the archives of a stage. Throws when one is not what was locked. */
export async function openPackages(packages: readonly StagePackage[]): Promise<OpenPackages> {
  const debs = await readDebs(packages);
  const ordered = orderPackages([...debs.keys()]);
  const parts = ordered.flatMap((item) => debs.get(item) ?? []);
  const contents = new ReadAhead(
    parts.map((deb) => ({ size: deb.unpackedSize, read: deb.readEntries })),
    mostAhead,
  );
  return { ordered, debs, contents };
}

/** Bytes. Enough for every core to be busy while a script runs; a stage of two thousand packages would not fit into the memory. */
const mostAhead = 512 << 20;

/** Installs packages into the tree as `dpkg --install` would install them all in one run. Throws when anything is wrong with one of them. */
export async function installPackages(packages: OpenPackages, options: InstallOptions): Promise<void> {
  const { ordered, debs, contents } = packages;
  const run = new StageRun(options);
  for (const item of ordered) {
    const deb = debs.get(item);
    if (deb === undefined) continue;
    const entries = await options.measure("wait for decompression", () => contents.next());
    await run.unpack(item, deb, entries);
  }
  await run.finish();
}

async function readDebs(packages: readonly StagePackage[]): Promise<Map<Package, DebFile>> {
  const read = packages.map(async ({ name, version, file, sha256 }) => {
    const deb = await readDeb(file, { where: `${name} ${version}`, sha256 });
    const item = parsePackage(deb.control, { where: deb.where, suite: 0 });
    if (item.name === name && item.version === version) return [item, deb] as const;
    throw new IngotError("deb-altered", `the archive of ${name} ${version} holds ${item.name} ${item.version}`, {
      hint: "ingot lock --update writes a lock that fits the archive",
    });
  });
  return new Map(await Promise.all(read));
}

/** What is going on in one stage: who is unpacked, who waits to be configured. */
class StageRun {
  readonly #options: InstallOptions;
  readonly #installed = new Map<string, Package>();
  readonly #stanzas: string[] = [];
  #unconfigured: Package[] = [];
  #preinsts: { readonly item: Package; readonly deb: DebFile }[] = [];
  #state: UnpackState;

  constructor(options: InstallOptions) {
    this.#options = options;
    this.#state = this.#readState();
  }

  async unpack(item: Package, deb: DebFile, entries: readonly TarEntry[]): Promise<void> {
    const hasPreinst = deb.controlFiles.has("preinst");
    if (hasPreinst && !this.#options.isBootstrap) await this.#configure(mustConfigureBefore(item, this.#unconfigured));
    if (hasPreinst) await this.#runPreinst(item, deb);
    const info = unpackInfo(item, { deb, entries }, this.#state);
    const files = namePackage(deb.where, () => unpackFiles(item, entries, this.#state));
    const interests = deb.controlFiles.get("triggers");
    if (interests !== undefined) this.#state.triggers.addInterests(interests.content, databaseName(item));
    this.#stanzas.push(statusStanza(deb, entries));
    this.#unconfigured.push(item);
    await this.#options.onUnpacked(item, deb, [...files, ...info]);
  }

  async finish(): Promise<void> {
    for (const { item, deb } of this.#preinsts) await this.#preinst(item, deb);
    await this.#configure(this.#unconfigured);
  }

  /** While the root is being made no script can run; then all preinsts run when all is unpacked, in order. */
  async #runPreinst(item: Package, deb: DebFile): Promise<void> {
    if (this.#options.isBootstrap) this.#preinsts.push({ item, deb });
    else await this.#preinst(item, deb);
  }

  async #preinst(item: Package, deb: DebFile): Promise<void> {
    await this.#scripts(() => runPreinst(item, { ...this.#options, deb }));
  }

  async #configure(items: readonly Package[]): Promise<void> {
    if (items.length === 0) return;
    await this.#scripts(() => configurePackages(items, this.#options));
    const done = new Set(items);
    this.#unconfigured = this.#unconfigured.filter((item) => !done.has(item));
  }

  async #scripts(run: () => Promise<void>): Promise<void> {
    const { tree, onScripts } = this.#options;
    this.#state.triggers.save(tree);
    tree.writeText("var/lib/dpkg/status", this.#stanzas.splice(0).join(""), { append: true });
    onScripts();
    await this.#options.measure("scripts", run);
    tree.forgetFolders();
    this.#state = this.#readState();
  }

  #readState(): UnpackState {
    const { tree } = this.#options;
    const database = {
      diversions: readDiversions(tree),
      overrides: readStatOverrides(tree),
      triggers: new TriggerDatabase(tree),
    };
    return { tree, ...database, installed: this.#installed };
  }
}
