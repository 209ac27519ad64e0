import { parseSingleControl } from "../archive/control.ts";
import type { Package } from "../package.ts";
import type { Suite, SuiteIndex } from "../suite.ts";
import { MentionOrder } from "./mention-order.ts";
import { nearestNames } from "./nearest-names.ts";
import { placesOf, scanNames, scanProvides, stanzasWithLine, type IndexText, type Places } from "./scan-packages.ts";
import { parsePackage } from "./stanza.ts";
import { compareVersions } from "./version.ts";

export type IndexOptions = { readonly architecture: string };

/**
 * Takes the raw `Packages` files of verified suites, earliest suite first. Only names are read now, in about 0.1 s for Debian's 63,000 packages; a
 * stanza is parsed when its package is first asked for, and throws then when it is malformed.
 */
export function parsePackageIndex(indexes: readonly SuiteIndex[], options: IndexOptions): PackageIndex {
  return new PackageIndex(indexes, options);
}

type File = IndexText & { readonly suite: number; readonly where: string };

/** All packages of some suites. A stanza is named by its place: its offset in all files laid end to end. */
export class PackageIndex {
  readonly architecture: string;
  readonly suites: readonly Suite[];
  readonly #files: readonly File[];
  readonly #byName: Places = new Map();
  readonly #byProvided: Places = new Map();
  readonly #packages = new Map<number, Package | undefined>();
  readonly #candidates = new Map<string, readonly Package[]>();
  readonly #providers = new Map<string, readonly Package[]>();
  readonly #mentions: MentionOrder;

  constructor(indexes: readonly SuiteIndex[], options: IndexOptions) {
    this.architecture = options.architecture;
    this.suites = indexes.map(({ suite }) => suite);
    this.#files = readFiles(indexes);
    for (const file of this.#files) {
      scanNames(file, this.#byName);
      scanProvides(file, this.#byProvided);
    }
    this.#mentions = new MentionOrder(this.#files.map(({ text }) => text));
  }

  /** Every package name, virtual ones left out. */
  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** All versions of a package for this architecture or all, the newest first; of equal ones the earlier suite's first. */
  candidates(name: string): readonly Package[] {
    let found = this.#candidates.get(name);
    if (!found) {
      const all = this.#packagesAt(placesOf(this.#byName, name));
      found = all.length < 2 ? all : all.toSorted((a, b) => compareVersions(b.version, a.version));
      this.#candidates.set(name, found);
    }
    return found;
  }

  /** The version that apt would install: all suites have the same priority, so the newest. */
  candidate(name: string): Package | undefined {
    return this.candidates(name)[0];
  }

  /** All packages, in all versions, whose `Provides` has the name. */
  providers(name: string): readonly Package[] {
    let found = this.#providers.get(name);
    if (!found) {
      found = this.#packagesAt(placesOf(this.#byProvided, name));
      this.#providers.set(name, found);
    }
    return found;
  }

  /** The names of all Essential packages. */
  essentialNames(): readonly string[] {
    const names = new Set<string>();
    for (const { text, base } of this.#files)
      for (const stanza of stanzasWithLine(text, "\nEssential: yes\n")) {
        const found = this.#packageAt(base + stanza);
        if (found && this.candidate(found.name)?.essential) names.add(found.name);
      }
    return [...names];
  }

  /** Lower the earlier the files mention a name; apt breaks ties by it. Many names at once cost little more than one. */
  mentionRanks(names: readonly string[]): readonly number[] {
    return this.#mentions.ranksOf(names);
  }

  /** For "did you mean": real and virtual names. */
  nearestNames(name: string): readonly string[] {
    return nearestNames(name, new Set([...this.#byName.keys(), ...this.#byProvided.keys()]));
  }

  #packagesAt(places: readonly number[]): readonly Package[] {
    return places.map((place) => this.#packageAt(place)).filter((found) => found !== undefined);
  }

  #packageAt(place: number): Package | undefined {
    if (this.#packages.has(place)) return this.#packages.get(place);
    const file = this.#files.findLast(({ base }) => base <= place);
    const parsed = file && parseStanza(file, place - file.base);
    const fits = parsed && (parsed.architecture === "all" || parsed.architecture === this.architecture);
    this.#packages.set(place, fits ? parsed : undefined);
    return fits ? parsed : undefined;
  }
}

function readFiles(indexes: readonly SuiteIndex[]): readonly File[] {
  const files: File[] = [];
  let base = 0;
  for (const [suite, index] of indexes.entries())
    for (const bytes of index.packages) {
      // Names, versions and relations are ASCII; one byte a character keeps offsets and memory as they are in the file.
      const text = bytes.toString("latin1");
      files.push({ text, suite, where: `${index.suite.suite} Packages`, base });
      base += text.length;
    }
  return files;
}

function parseStanza(file: File, offset: number): Package {
  const end = file.text.indexOf("\n\n", offset);
  const where = `${file.where} at byte ${offset}`;
  const text = file.text.slice(offset, end < 0 ? undefined : end);
  return parsePackage(parseSingleControl(text, { where }), { where, suite: file.suite });
}
