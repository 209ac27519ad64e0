/**
 * The closed catalogue of everything that can go wrong. A code is permanent: scripts and people search for it. `exit` is the
 * process's exit code (1 failed, 2 usage, 3 refused by policy, 4 drift or verification failure found); `means` is the line that
 * docs/errors.md prints, and a test keeps both equal.
 */
export const errorCodes = {
  usage: { exit: 2, means: "The command line does not make sense." },
  "internal-error": { exit: 1, means: "A mistake in Ingot itself." },
  cancelled: { exit: 1, means: "The user or a signal stopped the command." },
  "command-missing": { exit: 1, means: "A program that Ingot runs is not installed on this host." },
  "command-failed": { exit: 1, means: "A program that Ingot runs ended with an error." },
  "disk-full": { exit: 1, means: "No space is left where Ingot writes." },
  "locked-by-another": { exit: 1, means: "Another Ingot process holds the same store or project." },
  "permission-denied": { exit: 1, means: "The operating system refuses access to a path." },

  "definition-invalid": { exit: 1, means: "ingot.yaml holds mistakes; all of them are listed with their places." },
  "definition-missing": { exit: 1, means: "There is no ingot.yaml here or in any folder above." },
  "init-would-overwrite": { exit: 1, means: "A file that ingot init would write exists already." },

  "archive-changing": { exit: 1, means: "A mirror's signed list and its package index do not belong together, even when asked again." },
  "archive-expired": { exit: 1, means: "A suite's signed list is past its Valid-Until date." },
  "archive-from-future": { exit: 1, means: "A suite's signed list is dated in the future." },
  "archive-incomplete": { exit: 1, means: "A suite lacks the architecture, component or checksums that were asked for." },
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
  "mirror-unknown": { exit: 1, means: "Nothing says where the Debian archive is." },
  "sources-malformed": { exit: 1, means: "An apt sources file of the host cannot be read." },
  "package-unknown": { exit: 1, means: "No suite has a package of this name, or a virtual package leaves the choice to the reader." },
  "packages-conflict": { exit: 1, means: "Packages that are wanted together cannot be installed together." },
  "packages-unsatisfiable": { exit: 1, means: "A package depends on something that no suite has." },
  "relation-malformed": { exit: 1, means: "A dependency field of a Debian package cannot be read." },
  "vault-damaged": { exit: 4, means: "A file of the vault no longer has the content that its name says." },
  "version-malformed": { exit: 1, means: "A text is not a Debian version." },

  "archive-escapes-root": { exit: 1, means: "An archive holds a path that would be written outside of its root." },
  "tar-malformed": { exit: 1, means: "A tar archive is cut off, altered, or uses what no image builder writes." },

  "account-unknown": { exit: 1, means: "A definition names a user or group that the image does not have." },
  "base-not-debian": { exit: 1, means: "Packages are asked for on top of an image that is not Debian." },
  "file-conflict": { exit: 1, means: "A file of the definition would take the place of a folder of the image, or the reverse." },
  "file-unsupported": { exit: 1, means: "A source of `files` is neither a file, a folder nor a symbolic link." },
  "image-unknown": { exit: 1, means: "No image has the name or digest that was asked for." },
  "lock-incompatible": { exit: 1, means: "The lock was written for a release of Ingot that builds other bytes from it." },
  "lock-malformed": { exit: 1, means: "The lock is not JSON of the shape that Ingot writes." },
  "lock-missing": { exit: 1, means: "An image has no entry in ingot.lock." },
  "lock-stale": { exit: 4, means: "The lock no longer fits the definition." },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4; means: string }>;

export type ErrorCode = keyof typeof errorCodes;
