import type { Database } from "../../ledger/projection/database.ts";

export type ListedImage = { readonly repository: string; readonly digest: string };

/** Every image of every repository, in their order; not indexes, whose images are listed, and not what is attached. */
export function listImages(state: Database): readonly ListedImage[] {
  return state.all<{ repository: string; digest: string }>(
    "SELECT repository, digest FROM manifests WHERE kind = 'image' ORDER BY repository, digest",
  );
}
