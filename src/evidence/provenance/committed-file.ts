import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { openRepository } from "./git-repository.ts";

/** Reads files as a commit has them: the very bytes, whatever filters or attributes the repository names. */
export type CommittedFiles = Disposable & {
  /** `path` from the root of the work tree; undefined where the commit, or the repository, does not have it. */
  readonly read: (commit: string, path: string) => Promise<Buffer | undefined>;
};

/** The repositories that folders are in; none of them is as good as one that has nothing. */
export async function openCommitted(
  ctx: Pick<Context, "env" | "signal">,
  folders: readonly string[],
): Promise<CommittedFiles> {
  const found = await Promise.all(folders.map((folder) => openOrNone(ctx, folder)));
  const repositories = found.filter((one) => one !== undefined);
  return {
    read: async (commit, path) => {
      for (const { run } of repositories) {
        const { code, stdout } = await run(["cat-file", "blob", `${commit}:${path}`], "latin1");
        if (code === 0) return Buffer.from(stdout, "latin1");
      }
      return undefined;
    },
    [Symbol.dispose]: () => {
      for (const repository of repositories) repository[Symbol.dispose]();
    },
  };
}

async function openOrNone(ctx: Pick<Context, "env" | "signal">, folder: string) {
  try {
    const repository = await openRepository(ctx, folder);
    return "reason" in repository ? undefined : repository;
  } catch (error) {
    if (error instanceof IngotError && error.code === "command-missing") return undefined;
    throw error;
  }
}
