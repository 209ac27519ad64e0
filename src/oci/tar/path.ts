import { IngotError } from "../../ground/error.ts";

/**
 * The path of an entry as Ingot keeps it: leading `/` and `./`, doubled slashes, `.` components and a trailing `/` are gone; the root is `""`.
 * An archive whose entry climbs by `..` wants to write outside of the root (CVE-2001-1267 and its many children), so it is refused:
 * `archive-escapes-root`. Resolving `..` instead would be safe but would hide an attack.
 */
export function checkTarPath(raw: string, absolute: AbsolutePaths = "strip"): string {
  if (absolute === "refuse" && raw.startsWith("/")) {
    throw new IngotError("archive-escapes-root", `the archive holds the absolute path ${JSON.stringify(raw)}`, {
      hint: "do not use this archive: what made it wants to write outside of its root",
    });
  }
  const path = raw.startsWith("./") ? raw.slice(2) : raw;
  if (isPlain(path)) return path;
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) {
    throw new IngotError(
      "archive-escapes-root",
      `the archive holds ${JSON.stringify(raw)}, a path that leaves its root`,
      {
        hint: "do not use this archive: a path with `..` is made by mistake or as an attack",
      },
    );
  }
  return components.join("/");
}

/** What becomes of paths that begin with `/`: other tools strip it and some layers have it; an archive where none belongs is refused. */
export type AbsolutePaths = "strip" | "refuse";

/** Whether nothing needs to change; spares splitting nearly every path of an archive. */
function isPlain(path: string): boolean {
  return path !== "." && !path.startsWith("/") && !path.endsWith("/") && !suspicious.test(path);
}

/** A doubled slash, or a component that begins with a dot. */
const suspicious = /\/\/|(?:^|\/)\.\.?(?:\/|$)/;
