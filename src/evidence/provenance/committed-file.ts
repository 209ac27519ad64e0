import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { openRepository } from "./git-repository.ts";

/** Reads files as a commit has them: the very bytes, whatever filters or attributes the repository names. */
export type CommittedFiles = Disposable & {
  /** `path` from the root of the work tree; undefined where the commit, or the repository, does not have it. */
  readonly read: (commit: string, path: string) => Promise<Buffer | undefined>;
};

/** The repository that a folder is in; one that has nothing where there is none. */
export async function openCommitted(ctx: Pick<Context, "env" | "signal">, folder: string): Promise<CommittedFiles> {
  const repository = await openOrNone(ctx, folder);
  if (repository === undefined) return { read: () => Promise.resolve(undefined), [Symbol.dispose]: () => {} };
  return {
    read: async (commit, path) => {
      const { code, stdout } = await repository.run(["cat-file", "blob", `${commit}:${path}`], "latin1");
      return code === 0 ? Buffer.from(stdout, "latin1") : undefined;
    },
    [Symbol.dispose]: () => repository[Symbol.dispose](),
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
