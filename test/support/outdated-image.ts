import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readAptSources } from "../../src/debian/archive/apt-sources.ts";
import { withFileLock } from "../../src/ground/file-lock.ts";
import { isInstalled } from "./runtime-image.ts";

/** Why this machine cannot make that image; undefined when it can. */
export function whyNoOutdatedImage(): string | undefined {
  for (const program of ["mmdebstrap", "umoci"]) if (!isInstalled(program)) return `needs ${program}: not installed`;
  if (process.getuid?.() !== 0) return "needs root";
  return mainLine() === undefined ? "needs apt sources with the suite bookworm" : undefined;
}

/**
 * A real Debian with nginx as the last point release had it, without any security update since: an OCI layout of one image, `web`, made by other programs, once
 * on a machine.
 */
export async function outdatedImageLayout(): Promise<string> {
  const cache = process.env.INGOT_TEST_CACHE ?? "/var/cache/ingot-test";
  const layout = join(cache, "outdated-image-1");
  mkdirSync(cache, { recursive: true });
  return withFileLock(
    `${layout}.lock`,
    () => {
      if (!existsSync(layout)) makeLayout(cache, layout);
      return layout;
    },
    { wait: 180_000 },
  );
}

function makeLayout(cache: string, layout: string): void {
  const folder = mkdtempSync(join(cache, "making-"));
  try {
    const tar = join(folder, "root.tar");
    const line = mainLine() ?? "";
    execFileSync("mmdebstrap", ["-q", "--variant=essential", "--include=nginx-light", "bookworm", tar, line], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const made = join(folder, "layout");
    execFileSync("umoci", ["init", "--layout", made]);
    execFileSync("umoci", ["new", "--image", `${made}:web`]);
    execFileSync("umoci", ["raw", "add-layer", "--image", `${made}:web`, tar]);
    renameSync(made, layout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The host's own mirror, of which only the main suite. */
function mainLine(): string | undefined {
  const source = readAptSources().find(({ suites }) => suites.includes("bookworm"));
  const [uri] = source?.uris ?? [];
  return uri === undefined ? undefined : `deb ${uri} bookworm main`;
}
