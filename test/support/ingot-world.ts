import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimePaths } from "../../src/runtime/paths.ts";
import { makeArchiveKey, type ArchiveKey } from "./archive-key.ts";
import { serveArchive, type ArchiveServer } from "./archive-server.ts";
import { makeTestArchive, type Publication, type TestArchive } from "./debian-archive.ts";
import { runIngot, type IngotOptions, type IngotResult } from "./run-ingot.ts";
import { sharedFolder } from "./test-cache.ts";
import { tinyDebian } from "./tiny-debian.ts";

/** In memory where there is such a folder: every store and vault syncs its files. */
const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const built = mkdtempSync(join(parent, "ingot-built-"));
process.on("exit", () => rmSync(built, { recursive: true, force: true }));
let sharedKey: Promise<ArchiveKey> | undefined;

/** A person's machine in small: a project, a home of Ingot, and a served, signed archive with a Debian of one package. */
export type IngotWorld = {
  readonly folder: string;
  readonly home: string;
  /** The folder with ingot.yaml. */
  readonly project: string;
  readonly lockPath: string;
  readonly archive: TestArchive;
  readonly server: ArchiveServer;
  /** Publishes these packages beside the tiny Debian. */
  readonly publish: (publication: Publication) => Promise<void>;
  /** Writes ingot.yaml; `images` is indented by two. */
  readonly define: (images: string) => void;
  /** Runs bin/ingot in the project. */
  readonly run: (args: readonly string[], options?: IngotOptions) => Promise<IngotResult>;
  /** The same, refusing any exit code but 0. */
  readonly succeed: (...args: readonly string[]) => Promise<IngotResult>;
  /** As on another machine: everything must be fetched and built again. */
  readonly forget: () => void;
  readonly env: Readonly<Record<string, string>>;
};

/** A test's context, or the `after` of its file. */
export type Ender = { readonly after: (work: () => Promise<void>) => void };

/** Makes a world that is gone when the test, or the file, ends. */
export async function makeIngotWorld(t: Ender, publication: Publication = {}): Promise<IngotWorld> {
  sharedKey ??= makeArchiveKey();
  const folder = mkdtempSync(join(parent, "ingot-world-"));
  const [home, project] = [join(folder, "home"), join(folder, "project")];
  mkdirSync(project);
  shareCompiled(home);
  const archive = await makeTestArchive({ folder: join(folder, "mirror"), key: await sharedKey, built });
  const publish = ({ main = [], ...rest }: Publication) => archive.publish({ ...rest, main: [tinyDebian(), ...main] });
  await publish(publication);
  const server = await serveArchive(archive.folder);
  t.after(async () => {
    await server.close();
    // Empty folders, of each home that had instances.
    rmSync(runtimePaths(home).run, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { INGOT_HOME: home, INGOT_DEBIAN_MIRROR: `${server.url}/debian ${server.url}/debian-security` };
  const run: IngotWorld["run"] = (args, options = {}) =>
    runIngot(args, { cwd: project, ...options, env: { ...env, ...options.env } });
  return {
    folder,
    home,
    project,
    lockPath: join(project, "ingot.lock"),
    archive,
    server,
    publish,
    run,
    forget: () => {
      rmSync(home, { recursive: true, force: true });
      shareCompiled(home);
    },
    env,
    define: (images) =>
      writeFileSync(join(project, "ingot.yaml"), `project: shop\nkeyring: ${archive.keyring}\nimages:\n${images}`),
    succeed: async (...args) => {
      const result = await run(args);
      if (result.code === 0) return result;
      throw new Error(`ingot ${args.join(" ")} ended with ${result.code}:\n${result.stdout}${result.stderr}`);
    },
  };
}

/**
 * Node's cache of compiled sources is the same for all homes of all test files: to fill it anew costs each of them a second. Node itself checks what it reads there
 * against the source.
 */
export function shareCompiled(home: string): void {
  mkdirSync(join(home, "cache"), { recursive: true });
  for (const name of ["compile", "node"]) symlinkSync(sharedFolder("compile"), join(home, "cache", name));
}

/** Processes whose environment, mounts or command line hold a text, such as the home that Ingot started them for, as `PID command`. */
export function findProcesses(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((pid) => /^[0-9]+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => ["environ", "mountinfo", "cmdline"].some((file) => read(`/proc/${pid}/${file}`).includes(text)))
    .map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trimEnd()}`);
}

/** Mounts below a folder, in this process's mount namespace. */
export function findMounts(folder: string): readonly string[] {
  return read("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(folder));
}

/** Files below a folder whose writing was never finished, and what is left of casts. */
export function findLeftovers(home: string): readonly string[] {
  if (!existsSync(home)) return [];
  const paths = readdirSync(home, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => /\.tmp$|^store\/ingest\/.|^tmp\/cast\/.|^tmp\/cast-/.test(path));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended while we looked.
    return "";
  }
}
