import type { ImageFacts } from "./image-facts.ts";

/** A file that maintainer scripts, dpkg or an image builder are known to make, and that no list of dpkg names. */
type ScriptWritten = {
  readonly path: RegExp;
  readonly reason: string;
};

export const scriptWritten: readonly ScriptWritten[] = [];

export function isWrittenByScripts(
  _image: ImageFacts,
  { path }: { readonly path: string; readonly isOwned: (path: string) => boolean },
): boolean {
  return scriptWritten.some((one) => one.path.test(path));
}
