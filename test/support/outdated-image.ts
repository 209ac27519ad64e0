import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import { layoutMadeOnce } from "./layout-made-once.ts";
import { isInstalled } from "./runtime-image.ts";

/** Why this machine cannot make that image; undefined when it can. */
export function whyNoOutdatedImage(): string | undefined {
  for (const program of ["mmdebstrap", "umoci"]) if (!isInstalled(program)) return `needs ${program}: not installed`;
  if (process.getuid?.() !== 0) return "needs root";
  return mainLine() === undefined ? "needs apt sources with the suite bookworm" : undefined;
}

/** A real Debian with nginx as the last point release had it, without any security update since: made by other programs. */
export function outdatedImageLayout(): Promise<string> {
  return layoutMadeOnce("outdated-image-1", { makeTar });
}

function makeTar(folder: string): string {
  const tar = join(folder, "root.tar");
  const line = mainLine() ?? "";
  execFileSync("mmdebstrap", ["-q", "--variant=essential", "--include=nginx-light", "bookworm", tar, line], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return tar;
}

/** The host's own mirror, of which only the main suite. */
function mainLine(): string | undefined {
  const source = readAptSources().find(({ suites }) => suites.includes("bookworm"));
  const [uri] = source?.uris ?? [];
  return uri === undefined ? undefined : `deb ${uri} bookworm main`;
}
