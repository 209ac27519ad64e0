import { IngotError } from "../../ground/error.ts";
import { parseControl, type Stanza } from "../archive/control.ts";
import type { Package } from "../package.ts";
import { parsePackage } from "./stanza.ts";

/**
 * Reads the installed packages out of a dpkg status (`/var/lib/dpkg/status` of a base image), sorted as in the file; what was removed is left out. `suite` is −1:
 * they come from no suite. Throws `control-malformed` for a package in the middle of its installation, which no image may have.
 */
export function parseInstalledPackages(status: Uint8Array | string, where: string): readonly Package[] {
  return parseControl(status, { where })
    .filter((stanza) => isInstalled(stanza, where))
    .map((stanza) => parsePackage(stanza, { where, suite: -1 }));
}

/** The last of the three words of `Status` (dpkg(1), package states). */
function isInstalled(stanza: Stanza, where: string): boolean {
  const words = stanza.require("Status", where).split(/\s+/);
  const state = words.at(-1) ?? "";
  if (state === "installed") return true;
  if (state === "not-installed" || state === "config-files") return false;
  throw new IngotError("control-malformed", `${where}: ${stanza.get("Package")} is ${state}, not installed`);
}
