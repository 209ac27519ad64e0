import type { Finding, Path } from "../finding.ts";
import { isInside, normaliseTarget } from "../image-path.ts";
import { asMapping, asText, type Mapping } from "./written.ts";

/** The kernel's own file systems are mounted over these: what an image holds there is never seen. */
const kernelFolders = ["/proc", "/sys", "/dev"];

/** A tmpfs over one of these would hide what the packages installed, and let an intruder write what the system runs. */
const systemFolders = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/boot"];
const neverWhole = ["/", "/etc", "/var", "/usr/local"];

/** `files` and `writable`: paths that an image can hold, each once, and nothing copied to where a tmpfs hides it. */
export function checkTargets(image: Mapping, path: Path): Finding[] {
  return [...checkFiles(image, path), ...checkWritable(image, path), ...checkWorkdir(image, path)];
}

function checkFiles(image: Mapping, path: Path): Finding[] {
  const tmpfs = Object.keys(asMapping(image.writable))
    .filter((name) => name.startsWith("/"))
    .map(normaliseTarget);
  const seen = new Map<string, string>();
  return Object.entries(asMapping(image.files)).flatMap(([target, from]): Finding[] => {
    const at = { path: [...path, "files", target], on: "key" } as const;
    const wrong = explainPath(target) ?? explainTarget(target, { tmpfs, seen });
    seen.set(normaliseTarget(target), target);
    return [...(wrong === undefined ? [] : [{ ...at, ...wrong }]), ...checkFileEntry(from, at.path)];
  });
}

type Wrong = { readonly expected: string; readonly got?: string; readonly meant?: string };

/** What holds for every path of an image that a person writes. */
export function explainPath(target: string): Wrong | undefined {
  if (!target.startsWith("/"))
    return { expected: "an absolute path", got: JSON.stringify(target), meant: `/${target.replace(/^(\.?\/)+/, "")}` };
  if (target.split("/").some((part) => part === ".." || part === ".")) {
    return { expected: 'a path without "." and ".."', got: JSON.stringify(target), meant: normaliseTarget(target) };
  }
  const path = normaliseTarget(target);
  const kernel = kernelFolders.find((folder) => isInside(path, folder));
  if (kernel !== undefined)
    return { expected: `a path outside of ${kernel}, which the kernel fills`, got: JSON.stringify(target) };
  return undefined;
}

function explainTarget(
  target: string,
  { tmpfs, seen }: { tmpfs: readonly string[]; seen: ReadonlyMap<string, string> },
): Wrong | undefined {
  const path = normaliseTarget(target);
  if (path === "/") return { expected: "a path below /", got: '"/"' };
  const first = seen.get(path);
  if (first !== undefined) return { expected: "each target once", got: `"${target}", which is "${first}" again` };
  const cover = tmpfs.find((folder) => isInside(path, folder));
  if (cover === undefined) return undefined;
  return {
    expected: "a path that an instance can see",
    got: `"${target}", which the tmpfs at ${cover} in writable hides`,
  };
}

export function checkFileEntry(from: unknown, path: Path): Finding[] {
  const { source, content } = asMapping(from);
  if (typeof from !== "object" || from === null || Array.isArray(from)) return [];
  if (source !== undefined && content !== undefined)
    return [{ path: [...path, "content"], on: "key", expected: "source or content", got: "both" }];
  if (source === undefined && content === undefined)
    return [{ path, on: "key", expected: 'one of the keys "source" and "content"', got: "neither" }];
  return [];
}

function checkWritable(image: Mapping, path: Path): Finding[] {
  const seen = new Map<string, string>();
  return Object.keys(asMapping(image.writable)).flatMap((target): Finding[] => {
    const wrong = explainPath(target) ?? explainWritable(target, seen);
    seen.set(normaliseTarget(target), target);
    return wrong === undefined ? [] : [{ path: [...path, "writable", target], on: "key", ...wrong }];
  });
}

function explainWritable(target: string, seen: ReadonlyMap<string, string>): Wrong | undefined {
  const path = normaliseTarget(target);
  const first = seen.get(path);
  if (first !== undefined) return { expected: "each path once", got: `"${target}", which is "${first}" again` };
  const isSystem = systemFolders.some((folder) => isInside(path, folder)) && !path.startsWith("/usr/local/");
  if (!isSystem && !neverWhole.includes(path)) return undefined;
  return {
    expected: "a folder for data, such as /run or /var/lib/NAME (the system itself stays read-only)",
    got: JSON.stringify(target),
  };
}

function checkWorkdir(image: Mapping, path: Path): Finding[] {
  const workdir = asText(image.workdir);
  if (workdir === undefined || !workdir.startsWith("/") || !workdir.split("/").includes("..")) return [];
  return [
    {
      path: [...path, "workdir"],
      on: "value",
      expected: 'an absolute path without ".."',
      meant: normaliseTarget(workdir),
    },
  ];
}
