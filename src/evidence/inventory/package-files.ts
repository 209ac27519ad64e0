import type { ImageFacts } from "./image-facts.ts";
import type { StatusEntry } from "./dpkg-status.ts";

const infoFolder = "var/lib/dpkg/info";

/** The files of a package as they lie in the image; none where dpkg's lists are missing. */
export function packageFiles(image: ImageFacts): (item: StatusEntry) => readonly string[] {
  const diversions = readDiversions(image);
  const info = image.follow(infoFolder);
  return (item) => {
    const listed = listedPaths(image, info, item);
    const real = listed.map((path) => {
      const diversion = diversions.get(path);
      // dpkg-divert(1): the package that diverts keeps the path for itself.
      return image.place(diversion === undefined || diversion.package === item.name ? path : diversion.to);
    });
    const present = real.filter((path) => {
      const type = image.view.get(path)?.type;
      return type !== undefined && type !== "directory";
    });
    return [...new Set(present)].toSorted();
  };
}

/**
 * Packages whose list of files is there, with files that are, while dpkg's status does not have them as installed: somebody took them out of it, and no scanner sees
 * them. A package that was removed keeps a list of its configuration alone.
 */
export function noteUnlisted(image: ImageFacts, names: ReadonlySet<string>): readonly string[] {
  const info = `${image.follow(infoFolder)}/`;
  return [...image.facts].flatMap(([path, fact]) => {
    const [, name] = /^([^/:]+)(?::[^/]+)?\.list$/.exec(path.startsWith(info) ? path.slice(info.length) : "") ?? [];
    if (fact.kind !== "text" || name === undefined || names.has(name)) return [];
    const listed = fact.text.split("\n").flatMap((line) => (line.startsWith("/") ? [image.place(line.slice(1))] : []));
    const left = listed.filter((one) => !one.startsWith("etc/") && isFile(image.view.get(one)?.type));
    if (left.length === 0) return [];
    return [
      `/${path} names ${left.length} files that are there, of a package that dpkg's status does not have as installed: it was not looked at`,
    ];
  });
}

function isFile(type: string | undefined): boolean {
  return type !== undefined && type !== "directory";
}

function listedPaths(image: ImageFacts, info: string, item: StatusEntry): readonly string[] {
  for (const name of item.databaseNames) {
    const fact = image.facts.get(`${info}/${name}.list`);
    if (fact?.kind === "text")
      return fact.text.split("\n").flatMap((line) => (line.startsWith("/") ? [line.slice(1)] : []));
  }
  // Images made without dpkg have a package's checksums instead.
  const sums = image.facts.get(`${image.follow("var/lib/dpkg/status.d")}/${item.name}.md5sums`);
  if (sums?.kind !== "text") return [];
  return sums.text.split("\n").flatMap((line) => /^[0-9a-f]{32} [ *](?:\.?\/)?(.+)$/.exec(line)?.[1] ?? []);
}

type Diversions = ReadonlyMap<string, { readonly to: string; readonly package: string }>;

/** Three lines each: from, to, package; `:` for the administrator's own. */
function readDiversions(image: ImageFacts): Diversions {
  const fact = image.facts.get(image.follow("var/lib/dpkg/diversions"));
  const lines = fact?.kind === "text" ? fact.text.split("\n") : [];
  const found = new Map<string, { to: string; package: string }>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from = "", to = "", owner = ""] = lines.slice(at, at + 3);
    found.set(from.slice(1), { to: to.slice(1), package: owner });
  }
  return found;
}
