import { isCode } from "../../debian/archive/retry.ts";
import { parseVersion } from "../../debian/resolve/version.ts";

/** Whether dpkg would read it. Feeds and images are strangers', and one bad version must not end a scan. */
export function isDebianVersion(text: string): boolean {
  try {
    parseVersion(text);
    return true;
  } catch (error) {
    if (isCode(error, ["version-malformed"])) return false;
    throw error;
  }
}
