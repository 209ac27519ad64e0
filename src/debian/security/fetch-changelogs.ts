import type { Context } from "../../ground/context.ts";
import { present } from "../../ground/present.ts";
import type { ArchivePlan } from "../archive/archive-plan.ts";
import { together } from "../archive/together.ts";
import { fetchArchives, findInVault } from "../archive/vault.ts";
import { readChangelog } from "./changelog-of-deb.ts";
import { parseChangelog, type ChangelogEntry } from "./parse-changelog.ts";
import type { SourceBinary } from "./source-versions.ts";

/** Binaries of one source, all of one source version, the smallest first. */
type Binaries = readonly SourceBinary[];

/**
 * The changelogs of source versions, each from the smallest of its binary packages that carries it: many have only a link to another's. Files go
 * through the vault. A source none of whose packages has one is left out. Throws what `fetchArchives` and `readDeb` throw.
 */
export async function fetchChangelogs(
  ctx: Context,
  plan: ArchivePlan,
  sources: ReadonlyMap<string, Binaries>,
): Promise<ReadonlyMap<string, readonly ChangelogEntry[]>> {
  const found = new Map<string, readonly ChangelogEntry[]>();
  let searches = [...sources].map(([source, binaries]): Search => ({ source, next: preferKnown(ctx, binaries) }));
  while (searches.length > 0) {
    const going = searches.filter(({ next }) => next.length > 0);
    const wanted = going.map(({ next }) => present(next[0], "a package to look into"));
    const files = await fetchArchives(ctx, plan, wanted);
    const looked = await together(ctx, { items: going, limit: unpackedAtOnce }, (_, search) => look(search, files));
    searches = [];
    for (const { source, text, next } of looked) {
      if (text !== undefined) found.set(source, parseChangelog(text));
      else searches.push({ source, next });
    }
  }
  return found;
}

/** A package is unpacked in memory. */
const unpackedAtOnce = 2;

type Search = { readonly source: string; readonly next: Binaries };

/** What an image was built from is in the vault already. */
function preferKnown(ctx: Context, binaries: Binaries): Binaries {
  const isKnown = (binary: SourceBinary) => findInVault(ctx, binary.sha256) !== undefined;
  return [...binaries.filter(isKnown), ...binaries.filter((binary) => !isKnown(binary))];
}

async function look(
  { source, next }: Search,
  files: ReadonlyMap<string, string>,
): Promise<Search & { readonly text?: string }> {
  const [first, ...others] = next;
  const binary = present(first, "a package to look into");
  const changelog = await readChangelog(present(files.get(binary.sha256), `the file of ${binary.name}`), binary);
  switch (changelog.kind) {
    case "text":
      return { source, next: [], text: changelog.text };
    case "elsewhere":
      return { source, next: preferTarget(others, changelog.package) };
    case "none":
      return { source, next: others };
  }
}

/**
 * A package that others point to has the changelog for sure, and may be large: the kernel's small packages point to one of 70 MB, while another of 2 MB has it too. What
 * is much smaller is tried before it.
 */
function preferTarget(others: Binaries, target: string): Binaries {
  const weightOf = ({ name, size }: SourceBinary) => (name === target ? size / muchSmaller : size);
  return others.toSorted((a, b) => weightOf(a) - weightOf(b));
}

const muchSmaller = 8;
