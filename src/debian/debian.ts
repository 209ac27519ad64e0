/** A suite that a Debian release is installed from, and the archive that serves it. */
export type ReleaseSuite = { readonly archive: "main" | "security"; readonly suite: string };

/**
 * What `base: debian:RELEASE` means: the release with its updates and security suites, so that an image has every fix
 * that a well-kept host has. Unstable gets its fixes directly and has neither. Order: release, updates, security.
 */
export function suitesOfRelease(release: string): readonly ReleaseSuite[] {
  if (release === "sid" || release === "unstable") return [{ archive: "main", suite: release }];
  return [
    { archive: "main", suite: release },
    { archive: "main", suite: `${release}-updates` },
    { archive: "security", suite: `${release}-security` },
  ];
}

/** The components that images are made of: Debian itself (Debian Policy 2.2.1). */
export const components: readonly string[] = ["main"];
