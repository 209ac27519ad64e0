import { readdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { isErrno } from "../ground/error.ts";
import { nearestWord } from "../ground/nearest-word.ts";
import type { Finding, Path } from "./finding.ts";
import { asMapping, asText } from "./meaning/written.ts";

/**
 * The files of the host that a definition names. A source lies inside the project's folder: written relative, without leaving it by `..`,
 * and, where a symbolic link is on the way, still inside after following it. So a checkout holds everything that an image is made of, and
 * a definition from someone else cannot copy this host's files into an image.
 */
export function checkSources(data: unknown, folder: string, which: CheckedSources = "all"): readonly Finding[] {
  const project = asMapping(data);
  const images = Object.entries(asMapping(project.images)).flatMap(([name, image]) =>
    Object.entries(asMapping(asMapping(image).files)).flatMap(([target, from]) => {
      const path = ["images", name, "files", target];
      const direct = asText(from);
      if (direct !== undefined) return checkSource(direct, path, { folder });
      const source = asText(asMapping(from).source);
      return source === undefined ? [] : checkSource(source, [...path, "source"], { folder });
    }),
  );
  if (which === "images") return images;
  const policies = Object.entries(asMapping(project.environments)).flatMap(([name, environment]) => {
    const policy = asText(asMapping(environment).policy);
    return policy === undefined
      ? []
      : checkSource(policy, ["environments", name, "policy"], { folder, isFileOnly: true });
  });
  const services = Object.entries(asMapping(project.services)).flatMap(([name, service]) =>
    Object.entries(asMapping(asMapping(service).files)).flatMap(([target, from]) => {
      const path = ["services", name, "files", target];
      const direct = asText(from);
      if (direct !== undefined) return checkSource(direct, path, { folder, isFileOnly: true });
      const source = asText(asMapping(from).source);
      return source === undefined ? [] : checkSource(source, [...path, "source"], { folder, isFileOnly: true });
    }),
  );
  return [...images, ...policies, ...services, ...checkKeyring(asText(project.keyring), folder)];
}

/** All that a definition names, or only what goes into images. */
export type CheckedSources = "all" | "images";

type SourceRules = { readonly folder: string; readonly isFileOnly?: boolean };

function checkSource(source: string, path: Path, { folder, isFileOnly }: SourceRules): Finding[] {
  const at = { path, on: "value" } as const;
  const inside = "a path inside the project's folder";
  if (source === "" || source.includes("\0")) return [];
  if (isAbsolute(source) || leaves(folder, resolve(folder, source))) return [{ ...at, expected: inside }];
  const found = look(resolve(folder, source));
  if (found === undefined)
    return [{ ...at, expected: "an existing file or folder", meant: nearestPath(source, folder) }];
  if (leaves(realpathSync(folder), found.real))
    return [{ ...at, expected: inside, got: `"${source}", a link to ${found.real}` }];
  if (isFileOnly && !found.stats.isFile()) return [{ ...at, expected: "a file", got: `"${source}", which is none` }];
  if (!found.stats.isFile() && !found.stats.isDirectory())
    return [{ ...at, expected: "a file or folder", got: `"${source}", which is neither` }];
  return [];
}

/** A keyring is the host's trust, not part of an image: it may lie anywhere. */
function checkKeyring(keyring: string | undefined, folder: string): Finding[] {
  if (keyring === undefined || keyring === "" || keyring.includes("\0")) return [];
  if (look(resolve(folder, keyring))?.stats.isFile()) return [];
  return [
    {
      path: ["keyring"],
      on: "value",
      expected: "an existing keyring file",
      meant: isAbsolute(keyring) ? undefined : nearestPath(keyring, folder),
    },
  ];
}

function leaves(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
}

function look(path: string): { readonly stats: Stats; readonly real: string } | undefined {
  try {
    const real = realpathSync(path);
    return { stats: statSync(real), real };
  } catch (error) {
    // ELOOP: a link to itself; ENAMETOOLONG: no file can have the name. Neither exists as far as a person is concerned.
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].some((name) => isErrno(error, name))) return undefined;
    throw error;
  }
}

/** The written path with its first part that does not exist replaced by the nearest name beside it. */
function nearestPath(source: string, folder: string): string | undefined {
  const parts = relative(folder, resolve(folder, source)).split(sep);
  for (const [index, part] of parts.entries()) {
    const parent = join(folder, ...parts.slice(0, index));
    if (look(join(parent, part)) !== undefined) continue;
    const near = nearestWord(part, listFolder(parent));
    if (near === undefined) return undefined;
    const path = join(...parts.slice(0, index), near, ...parts.slice(index + 1));
    if (look(resolve(folder, path)) === undefined) return undefined;
    return source.startsWith("./") ? `./${path}` : path;
  }
  return undefined;
}

function listFolder(path: string): readonly string[] {
  return look(path)?.stats.isDirectory() ? readdirSync(path) : [];
}
