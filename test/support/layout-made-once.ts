import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withFileLock } from "../../src/ground/file-lock.ts";
import { testCache } from "./test-cache.ts";

/** What other programs make an image from: a file tree packed by `makeTar` into a file of the given folder, and options of `umoci config`. */
export type LayoutRecipe = {
  readonly makeTar: (folder: string) => string;
  readonly config?: readonly string[];
};

/** An OCI layout of one image, `web`, of one layer: made once on a machine, also where several tests ask for it at once. Returns its folder. */
export async function layoutMadeOnce(name: string, recipe: LayoutRecipe): Promise<string> {
  const cache = testCache();
  const layout = join(cache, name);
  mkdirSync(cache, { recursive: true });
  return withFileLock(
    `${layout}.lock`,
    () => {
      if (!existsSync(layout)) makeLayout(cache, layout, recipe);
      return layout;
    },
    { wait: 180_000 },
  );
}

function makeLayout(cache: string, layout: string, { makeTar, config = [] }: LayoutRecipe): void {
  const folder = mkdtempSync(join(cache, "making-"));
  try {
    const tar = makeTar(folder);
    const made = join(folder, "layout");
    execFileSync("umoci", ["init", "--layout", made]);
    execFileSync("umoci", ["new", "--image", `${made}:web`]);
    execFileSync("umoci", ["raw", "add-layer", "--image", `${made}:web`, tar]);
    if (config.length > 0) execFileSync("umoci", ["config", "--image", `${made}:web`, ...config]);
    renameSync(made, layout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
