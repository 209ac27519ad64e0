import type { Context } from "../../ground/context.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Advisories } from "./finding.ts";
import type { SecuritySuiteRequest } from "./security-suite.ts";

/**
 * The security suite of the release that an image is of; undefined where it has none, or is not Debian: `noteNoSuite` then has words for it. Throws what reading the archive throws: a mirror that cannot
 * be reached is never a shorter list.
 */
export async function openSuite(
  ctx: Context,
  { os, architecture }: Pick<Inventory, "os" | "architecture">,
  from: Pick<SecuritySuiteRequest, "mirror" | "keyring"> = {},
): Promise<Advisories | undefined> {
  if (os?.id !== "debian" || os.codename === "") return undefined;
  // Reading archives is costly to load, and not every image is of Debian.
  const { openSecuritySuite } = await import("./security-suite.ts");
  return openSecuritySuite(ctx, { release: os.codename, architecture, ...from });
}

/** For an image without a security suite. */
export function noteNoSuite({ os }: Pick<Inventory, "os">): readonly string[] {
  if (os?.id !== "debian") return [];
  return [
    `Debian ${os.codename || "without a codename"} has no security suite: only feeds say anything about its packages`,
  ];
}
