import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import type { DebDescription, DebFile } from "./build-deb.ts";

/** What dpkg itself wants to find, and what the scripts of tests use. */
const programs = ["dpkg", "dpkg-deb", "diff", "ldconfig", "rm", "start-stop-daemon", "tar", "cat", "sleep"];

/** Why this host cannot give the programs of a tiny Debian; undefined when it can. */
export function whyNoTinyDebian(more: readonly string[] = []): string | undefined {
  const missing = [...programs, "dash", ...more].find((name) => !existsSync(findProgram(name)));
  return missing === undefined ? undefined : `needs ${missing}: not installed`;
}

/**
 * One Essential package that is enough of a Debian for images to be cast: the host's own shell and dpkg with the libraries they load. It makes a cast of
 * a second, without any mirror, in which real maintainer scripts run under the real dpkg. `more`: further programs of the host, by name.
 */
export function tinyDebian(more: readonly string[] = []): DebDescription {
  const known = described.get(more.join());
  if (known !== undefined) return known;
  const made = describeTinyDebian([...programs, ...more]);
  described.set(more.join(), made);
  return made;
}

/** Looking up the libraries of all programs takes a while. */
const described = new Map<string, DebDescription>();

function describeTinyDebian(names: readonly string[]): DebDescription {
  const found = names.map((name) => [`usr/bin/${name}`, findProgram(name)] as const);
  const shell = findProgram("dash");
  const libraries = [...new Set([shell, ...found.map(([, path]) => path)].flatMap(librariesOf))];
  const files: Record<string, DebFile> = {
    "usr/bin/sh": { copyOf: shell, mode: 0o755 },
    "usr/lib/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    tmp: { folder: true, mode: 0o1777 },
  };
  for (const [path, source] of found) files[path] = { copyOf: realpathSync(source), mode: 0o755 };
  for (const path of libraries) files[path.slice(1)] = { copyOf: realpathSync(path), mode: 0o755 };
  return {
    name: "tiny-base",
    version: "1",
    architecture: "amd64",
    fields: { Essential: "yes", Priority: "required" },
    files,
    compression: "gzip",
    isShared: true,
  };
}

function findProgram(name: string): string {
  const folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path)) ?? `/usr/bin/${name}`;
}

/** The paths under which the loader looks for a program's libraries, itself included; none for a static program. */
function librariesOf(program: string): readonly string[] {
  try {
    const output = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...output.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  } catch {
    return [];
  }
}
