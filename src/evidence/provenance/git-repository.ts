import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { runCommand, type CommandResult } from "../../ground/run-command.ts";

/** The repository that a folder is in, opened so that nothing of its configuration is read where git could run something by it. */
export type GitRepository = Disposable & {
  /** Hex, of HEAD. */
  readonly commit: string;
  /** The folder below the root of the work tree, with a slash at its end; "" for the root. */
  readonly prefix: string;
  /** The URL of the remote `origin`, as it is written. */
  readonly origin?: string;
  /** Runs git at the root of the work tree. `latin1` keeps every byte of the output. */
  readonly run: (args: readonly string[], encoding?: "utf8" | "latin1") => Promise<CommandResult>;
};

export type NoRepository = { readonly reason: string };

type Caller = Pick<Context, "env" | "signal">;

/**
 * A repository's configuration names commands: `core.fsmonitor`, hooks, the filters of its attributes, and whatever git learns next. So git is given a repository of
 * our own with the objects, index and work tree of the other, in which none of it is written. The few answers that need the other itself come from
 * `rev-parse` and `config --get`, which run nothing. Whose files they are does not matter then, so that a checkout of another user is read too.
 */
export async function openRepository(ctx: Caller, folder: string): Promise<GitRepository | NoRepository> {
  const ask = (...args: string[]) => git(ctx, { cwd: folder, args: ["-c", "safe.directory=*", ...args] });
  const found = await ask("rev-parse", "--show-toplevel", "--show-object-format");
  if (found.code !== 0) return { reason: "the project is not in a Git work tree" };
  const [top = "", format = ""] = found.stdout.split("\n");
  const paths = await ask("rev-parse", "--path-format=absolute", ...places.flatMap((name) => ["--git-path", name]));
  const head = await ask("rev-parse", "--verify", "HEAD^{commit}");
  if (paths.code !== 0 || head.code !== 0) return { reason: "the Git repository has no commit yet" };
  const prefix = prefixOf(top, folder);
  if (prefix === undefined) return { reason: "the Git work tree does not hold the project's folder" };
  const origin = await ask("config", "--get", "remote.origin.url");
  const config = await ask("config", "--get-regexp", harmless);
  const commit = head.stdout.trim();
  const [objects = "", index = "", ...info] = paths.stdout.split("\n");
  if (!isFile(index)) return { reason: "the Git repository has no index" };
  const own = makeOwn({ info, format, commit, config: config.stdout });
  const env = { GIT_DIR: own, GIT_WORK_TREE: top, GIT_OBJECT_DIRECTORY: objects, GIT_INDEX_FILE: index };
  return {
    commit,
    prefix,
    ...(origin.code === 0 ? { origin: origin.stdout.trimEnd() } : {}),
    run: (args, encoding = "utf8") => git(ctx, { cwd: top, args, env, encoding }),
    [Symbol.dispose]: () => rmSync(own, { recursive: true, force: true }),
  };
}

const places = ["objects", "index", "info/exclude", "info/attributes"];

/** Settings that only say how files are compared. */
const harmless = "^core\\.(filemode|symlinks|ignorecase|autocrlf|eol|precomposeunicode)$";

function prefixOf(top: string, folder: string): string | undefined {
  if (lstatSync(top, { throwIfNoEntry: false }) === undefined) return undefined;
  const [root, real] = [realpathSync(top), realpathSync(folder)];
  if (root === real) return "";
  const start = root.endsWith("/") ? root : `${root}/`;
  return real.startsWith(start) ? `${real.slice(start.length)}/` : undefined;
}

/** Not a pipe, on which git would wait for ever. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

type Other = {
  /** Of info/exclude and info/attributes, absolute. */
  readonly info: readonly string[];
  /** `sha1` or `sha256`. */
  readonly format: string;
  readonly commit: string;
  /** Lines `key value`. */
  readonly config: string;
};

/** The folder of our own repository. */
function makeOwn({ info, format, commit, config }: Other): string {
  const folder = mkdtempSync(join(tmpdir(), "ingot-git-"));
  for (const name of ["refs", "info"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "HEAD"), `${commit}\n`);
  writeFileSync(join(folder, "config"), formatConfig(format, config));
  for (const [at, name] of ["info/exclude", "info/attributes"].entries()) {
    const source = info[at];
    if (source !== undefined && isFile(source)) copyFileSync(source, join(folder, name));
  }
  return folder;
}

function formatConfig(format: string, config: string): string {
  const core = config.split("\n").flatMap((line) => {
    const [, key, value = "true"] = /^core\.([a-z]+)(?: ([A-Za-z0-9]+))?$/.exec(line) ?? [];
    return key === undefined ? [] : [`  ${key} = ${value}`];
  });
  const version = format === "sha256" ? 1 : 0;
  const extensions = version === 1 ? ["[extensions]", "  objectFormat = sha256"] : [];
  return ["[core]", `  repositoryFormatVersion = ${version}`, "  bare = false", ...core, ...extensions, ""].join("\n");
}

type GitCall = {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly encoding?: "utf8" | "latin1";
};

function git(ctx: Caller, { cwd, args, env: own = {}, encoding = "utf8" }: GitCall): Promise<CommandResult> {
  const inherited = Object.entries(ctx.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = {
    ...Object.fromEntries(inherited),
    // The system's configuration is no more the person's than the repository's; nothing may be written, asked or fetched.
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_ALLOW_PROTOCOL: "",
    LC_ALL: "C",
    ...own,
  };
  const off = ["--no-pager", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null"];
  const options = { cwd, env, encoding, signal: ctx.signal, allowFailure: true, package: "git" };
  return runCommand("git", [...off, ...args], options);
}
