import type { Catalogue } from "./catalogue.ts";

/** Of `debian`: archives, packages, the vault, the sandbox of scripts. */
export const debianCodes = {
  "archive-changing": {
    exit: 1,
    means: "A mirror's signed list and its package index do not belong together, even when asked again.",
  },
  "archive-expired": { exit: 1, means: "A suite's signed list is past its Valid-Until date." },
  "archive-from-future": { exit: 1, means: "A suite's signed list is dated in the future." },
  "archive-incomplete": {
    exit: 1,
    means: "A suite lacks the architecture, component or checksums that were asked for.",
  },
  "archive-key-expired": { exit: 1, means: "The trusted key that signed a suite's list had expired or was revoked." },
  "archive-key-unknown": { exit: 1, means: "A suite's list is signed, but by no key of the keyring." },
  "archive-rolled-back": { exit: 1, means: "A mirror serves an older list of a suite than was seen before." },
  "archive-signature-bad": { exit: 1, means: "The signature of a suite's list does not fit its content." },
  "archive-suite-mismatch": { exit: 1, means: "A mirror serves the list of another suite than the one asked for." },
  "archive-unsigned": { exit: 1, means: "A suite's list carries no signature." },
  "control-malformed": { exit: 1, means: "A Debian control file or index does not follow deb822." },
  "download-corrupt": { exit: 1, means: "A mirror served a file with another content than the signed lists say." },
  "download-failed": { exit: 1, means: "A mirror could not be reached, or broke off, also when tried again." },
  "download-missing": { exit: 1, means: "A mirror does not have a file that is wanted." },
  "keyring-unusable": { exit: 1, means: "The keyring of a Debian archive is missing or holds no key." },
  "mirror-unknown": { exit: 1, means: "Nothing says where the Debian archive is, or what says so is of no use." },
  "sources-malformed": { exit: 1, means: "An apt sources file of the host cannot be read." },
  "package-unknown": {
    exit: 1,
    means: "No suite has a package of this name, or a virtual package leaves the choice to the reader.",
  },
  "deb-altered": { exit: 4, means: "A .deb of the vault is not the one that the lock names." },
  "deb-malformed": { exit: 1, means: "A .deb is cut off, altered or not of the format that dpkg reads." },
  "entry-unsupported": {
    exit: 1,
    means: "An archive holds a device node or attribute that cannot be made without being root of the host.",
  },
  "packages-share-file": { exit: 1, means: "Two packages ship the same file and neither replaces the other." },
  "sandbox-failed": { exit: 1, means: "The host does not allow the namespaces that maintainer scripts run in." },
  "user-namespace-unavailable": {
    exit: 1,
    means: "The host gives an ordinary user no numbers for the users of an image.",
  },
  "script-failed": { exit: 1, means: "A maintainer script or a build command ended with an error." },
  "packages-conflict": { exit: 1, means: "Packages that are wanted together cannot be installed together." },
  "packages-unsatisfiable": { exit: 1, means: "A package depends on something that no suite has." },
  "relation-malformed": { exit: 1, means: "A dependency field of a Debian package cannot be read." },
  "vault-damaged": { exit: 4, means: "A file of the vault no longer has the content that its name says." },
  "version-malformed": { exit: 1, means: "A text is not a Debian version." },
} as const satisfies Catalogue;
