import { IngotError } from "../../ground/error.ts";

/** Where in an archive something is wrong: the byte offset of the header, and the entry when it is known. */
export type TarPosition = { readonly offset: number; readonly entry?: string };

/** The error of every archive that is not a whole and unambiguous tar. */
export function tarMalformed(what: string, position: TarPosition, cause?: unknown): IngotError {
  const entry = position.entry ? `, entry ${JSON.stringify(position.entry)}` : "";
  return new IngotError("tar-malformed", `the tar archive is malformed: ${what} (at byte ${position.offset}${entry})`, {
    hint: "fetch the archive again; if it stays so, its maker must repair it",
    cause,
  });
}
