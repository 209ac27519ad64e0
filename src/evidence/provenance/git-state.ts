import { isAbsolute } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { openRepository, type GitRepository } from "./git-repository.ts";

/** Where a project's folder stands in version control. */
export type GitState =
  | {
      readonly kind: "commit";
      /** Hex. */
      readonly commit: string;
      /** Of the remote `origin`, as `git+https://host/path`, without user, password, query and fragment; absent where it is a path or unknown. */
      readonly uri?: string;
      /** The project's folder below the root of the work tree, with a slash at its end; "" where it is the root. */
      readonly folder: string;
      /** Paths below the project's folder that differ from the commit or are not in it, sorted; empty means clean. */
      readonly changed: readonly string[];
      /** Addresses of who wrote the commit, who committed it, and who it says took part; in order. They may not approve what is built of it. */
      readonly authors: readonly string[];
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** Says which commit a folder is of. Never throws for what a repository is like: that is a reason. Runs nothing that the repository names. */
export async function readGitState(ctx: Pick<Context, "env" | "signal">, folder: string): Promise<GitState> {
  try {
    const repository = await openRepository(ctx, folder);
    if ("reason" in repository) return { kind: "unknown", reason: repository.reason };
    using open = repository;
    return await readState(open);
  } catch (error) {
    if (error instanceof IngotError && error.code === "command-missing")
      return { kind: "unknown", reason: "git is not installed" };
    throw error;
  }
}

async function readState({ commit, prefix, origin, run }: GitRepository): Promise<GitState> {
  const wanted = ["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty"];
  // Pathspec magic off: a folder may be called `:(top)`.
  const status = await run(["--literal-pathspecs", "status", ...wanted, "--", prefix === "" ? "." : prefix]);
  if (status.code !== 0) return { kind: "unknown", reason: "git cannot read the repository" };
  const paths = status.stdout.split("\0").filter((line) => line !== "");
  const changed = paths.map((line) => line.slice("XY ".length + prefix.length)).toSorted();
  const uri = origin === undefined ? undefined : publicUri(origin);
  const authors = await readAuthors(run, commit);
  return { kind: "commit", commit, ...(uri === undefined ? {} : { uri }), folder: prefix, changed, authors };
}

/** The format asks for no signature, so that no other program is run. */
async function readAuthors(run: GitRepository["run"], commit: string): Promise<readonly string[]> {
  const format = "--format=%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly)";
  const shown = await run(["show", "--no-patch", "--no-show-signature", "--no-mailmap", format, commit]);
  if (shown.code !== 0) return [];
  const [author = "", committer = "", ...others] = shown.stdout.split("\n");
  const took = others.map((line) => /<([^<>]+)>\s*$/.exec(line)?.[1] ?? "");
  const addresses = [author, committer, ...took].map((one) => one.trim().toLowerCase());
  return [...new Set(addresses)]
    .filter((one) => /^[^\s@<>\p{Cc}]{1,200}@[^\s@<>\p{Cc}]{1,100}$/u.test(one))
    .toSorted()
    .slice(0, 20);
}

/**
 * A remote as strangers may read it: where it is, not how its owner gets in. Undefined for a path of this machine, and for anything that is not plainly
 * a URL (remote helpers such as `ext::` are commands).
 */
export function publicUri(remote: string): string | undefined {
  if (/[\s\p{Cc}\\]/u.test(remote) || isAbsolute(remote) || remote.includes("::")) return undefined;
  // No "@" in the path: a URL that was mistyped, such as https:/user:password@host/path, would be taken for one with its password.
  const scpLike = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)\/?([^@]+)$/.exec(remote);
  const [, host = "", path = ""] = scpLike ?? [];
  return cleanUrl(scpLike === null ? remote : `ssh://${host}/${path}`);
}

function cleanUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["https:", "http:", "ssh:", "git:"].includes(url.protocol) || url.host === "") return undefined;
  return `git+${url.protocol}//${url.host}${url.pathname}`;
}
