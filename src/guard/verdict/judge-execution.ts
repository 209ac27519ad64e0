import { posix } from "node:path";
import type { SeenExecution, SeenProgram } from "../watch/read-process.ts";
import { drift, type Verdict } from "./finding.ts";
import { imageEntryAt, imageFileAt, type InstanceView } from "./instance-view.ts";
import { isLoader, loadedProgram, scriptOf } from "./interpreters.ts";

/** A process of an instance executed something. */
export type Execution = {
  readonly pid: number;
  /** As it was given to execve(2): absolute, relative, or `/dev/fd/3` for an open file. */
  readonly filename: string;
  /** The program that reads it, where the kernel told; equal to `filename` for what is a program itself. */
  readonly interpreter?: string;
  /** Absent for a process that had ended by the time it was looked at. */
  readonly seen?: SeenExecution;
  /** Folders that a relative name may be from, as far as known. */
  readonly folders: readonly string[];
  /** What the process ran before. */
  readonly former: string;
};

/** Everything about an execution that the image does not explain; the first is the most telling. Empty: explained. */
export function judgeExecution(view: InstanceView, execution: Execution): readonly Verdict[] {
  const { seen } = execution;
  const named = judgeName(view, execution);
  const running = seen === undefined ? [] : judgeProgram(view, seen.program);
  const script = named.length > 0 || seen === undefined ? [] : judgeScript(view, seen);
  const loads = seen === undefined ? [] : judgePreloads(view, seen);
  // What /proc says of the running program is more exact than its name: memfd, deleted.
  const exact = running.filter(({ rule }) => !named.some((one) => one.rule === rule));
  const isExact = exact.some(({ rule }) => rule === "memfd-executable" || rule === "deleted-executable");
  return [...(isExact ? exact : [...named, ...(named.length > 0 ? [] : exact)]), ...script, ...loads];
}

/** By name alone: all that is known of a process that lived for less than a millisecond. */
function judgeName(view: InstanceView, execution: Execution): readonly Verdict[] {
  const { filename, seen } = execution;
  if (filename === "/proc/self/exe" || /^\/proc\/\d+\/exe$/.test(filename)) return judgeItself(view, execution);
  if (isDescriptor(filename)) {
    if (seen !== undefined) return [];
    return [
      drift(
        "memfd-executable",
        filename,
        `${filename}, an open file without a name, was executed; it had ended before it could be seen`,
      ),
    ];
  }
  const path = absolute(view, execution);
  const file = path === undefined ? undefined : imageFileAt(view, path);
  // From a folder that nobody knows any more. The kernel did execute it, and had nothing but the image to execute.
  if (file === undefined && seen === undefined && !filename.startsWith("/") && view.isSealed) return [];
  if (file === undefined)
    return [judgeForeign(view, execution, seen === undefined || path === undefined ? filename : path)];
  if (isLoader(file.path)) return judgeLoader(view, execution, file.path);
  return [];
}

/** An open file by its number: execveat(2) with an empty path, fexecve(3). */
function isDescriptor(filename: string): boolean {
  return /^\/dev\/fd\/\d+$|^\/proc\/(?:self|thread-self|\d+)\/fd\/\d+$/.test(filename);
}

/** A program that executes itself once more, as services do for a reload. */
function judgeItself(view: InstanceView, { former, seen, filename }: Execution): readonly Verdict[] {
  if (seen !== undefined || imageFileAt(view, former) !== undefined) return [];
  return [
    drift(
      "foreign-executable",
      former || filename,
      `${former || filename} executed itself; the image does not have it`,
    ),
  ];
}

/** Of a relative name the first folder in which the image has it. Where none fits, the first known one. */
function absolute(view: InstanceView, { filename, folders, seen }: Execution): string | undefined {
  if (filename.startsWith("/")) return filename;
  const own = seen?.program;
  // What runs is a file of the image by that very name; the process may have gone to another folder since.
  if (own !== undefined && posix.basename(own.link) === posix.basename(filename) && imageFileAt(view, own.link))
    return own.link;
  const candidates = folders.map((folder) => posix.join(folder, filename));
  return candidates.find((path) => imageFileAt(view, path) !== undefined) ?? candidates[0];
}

function judgeForeign(view: InstanceView, { filename, interpreter, seen }: Execution, path: string): Verdict {
  const isRead = interpreter !== undefined && interpreter !== filename;
  const runsOther =
    seen !== undefined &&
    imageFileAt(view, seen.program.link) !== undefined &&
    seen.command[1]?.endsWith(posix.basename(path)) === true;
  if (!isRead && !runsOther)
    return drift("foreign-executable", path, `${path} was executed; the image does not have it`);
  const reader = seen?.program.link ?? interpreter ?? "";
  return drift("foreign-script", path, `${reader} runs the script ${path}, which the image does not have`);
}

function judgeLoader(view: InstanceView, { seen, folders }: Execution, loader: string): readonly Verdict[] {
  // `ldd` does that, and is gone at once. Where nothing can be written that can be executed, the loader has nothing else to run than the image's.
  if (seen === undefined && view.isSealed) return [];
  if (seen === undefined) {
    return [
      drift(
        "foreign-executable",
        loader,
        `the dynamic loader ${loader} was executed by itself; what it ran had ended before it could be seen`,
      ),
    ];
  }
  const program = loadedProgram(seen.command);
  // It may have become another program by now, whose own execution is judged by itself.
  if (program === undefined || !isLoader(seen.program.link)) return [];
  const paths = program.startsWith("/") ? [program] : folders.map((folder) => posix.join(folder, program));
  if (paths.some((path) => imageFileAt(view, path) !== undefined)) return [];
  const path = paths[0] ?? program;
  return [
    drift(
      "foreign-executable",
      path,
      `${path} was executed through the dynamic loader ${loader}; the image does not have it`,
    ),
  ];
}

/** What a process runs, by the file itself. */
export function judgeProgram(view: InstanceView, program: SeenProgram): readonly Verdict[] {
  const { link, device, inode, isDeleted } = program;
  if (link.startsWith("/memfd:")) {
    const name = link.slice("/memfd:".length).replace(/ \(deleted\)$/, "");
    return [drift("memfd-executable", link, `a program runs from memory, named ${JSON.stringify(name)}`)];
  }
  const file = view.image.find(link);
  if (file?.kind === "file" && file.inode === inode && file.device === device) return [];
  if (device === view.image.device) {
    return [
      drift("renamed-executable", link, `a file of the image runs as ${link}, which is not its path in the image`),
    ];
  }
  if (isDeleted)
    return [
      drift("deleted-executable", link, `the file of the running program ${link.replace(/ \(deleted\)$/, "")} is gone`),
    ];
  return [drift("foreign-executable", link, `${link} runs; the image does not have it`)];
}

/** An interpreter of the image with a script that is not the image's. */
export function judgeScript(view: InstanceView, seen: SeenExecution): readonly Verdict[] {
  const { link } = seen.program;
  // In the middle of execve(2): it is looked at again in a moment.
  if (seen.command.length === 0) return [];
  const source = scriptOf(posix.basename(link), seen.command);
  if (source === undefined || source.kind === "inline") return [];
  const named = source.kind === "input" ? seen.input : resolveScript(seen, source.path);
  if (named === undefined || isStream(named)) return [];
  // `python /srv/app`: a folder of the image is a program, too.
  if (imageEntryAt(view, named) !== undefined) return [];
  const how = source.kind === "input" ? "from its standard input" : "";
  return [
    drift(
      "foreign-script",
      named,
      `${link} runs the script ${named} ${how}`.trimEnd() + ", which the image does not have",
    ),
  ];
}

function resolveScript({ folder }: SeenExecution, path: string): string {
  return isStream(path) ? path : posix.resolve(folder ?? "/", path);
}

/** A pipe, a socket, a terminal or one of the plain devices: what comes out of it cannot be seen. */
function isStream(path: string): boolean {
  return (
    /^(?:pipe|socket|anon_inode):/.test(path) ||
    /^\/dev\/(?:null|zero|tty|pts\/\d+|console|ptmx|full|u?random)$/.test(path)
  );
}

function judgePreloads(view: InstanceView, { preloads }: SeenExecution): readonly Verdict[] {
  const paths = preloads
    .flatMap((word) => word.slice(word.indexOf("=") + 1).split(/[ :]/))
    .filter((path) => path.includes("/"));
  const foreign = paths.filter((path) => imageFileAt(view, path) === undefined);
  return foreign.map((path) =>
    drift("foreign-mapping", path, `the library ${path} is to be loaded by LD_PRELOAD; the image does not have it`),
  );
}
