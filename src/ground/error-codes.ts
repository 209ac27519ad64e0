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
  "definition-has-password": {
    exit: 1,
    means: "The definition holds a user's name or password, which its provenance would publish.",
  },
  "definition-missing": { exit: 1, means: "There is no ingot.yaml here or in any folder above." },
  "init-would-overwrite": { exit: 1, means: "A file that ingot init would write exists already." },

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

  "archive-escapes-root": { exit: 1, means: "An archive holds a path that would be written outside of its root." },
  "blob-mismatch": { exit: 1, means: "A blob's content is not what its digest or size says." },
  "blob-missing": { exit: 1, means: "The store lacks a blob of an image." },
  "layer-malformed": { exit: 1, means: "The layers of an image do not make up one tree of files." },
  "layout-unusable": { exit: 1, means: "A folder is not an OCI image layout that Ingot can use." },
  "manifest-malformed": {
    exit: 1,
    means: "An image's manifest, index or configuration does not follow the OCI specification.",
  },
  "manifest-unsupported": { exit: 1, means: "A manifest is of a kind that Ingot does not take for an image." },
  "platform-missing": { exit: 1, means: "An image exists, but not for the wanted platform." },
  "reference-ambiguous": { exit: 1, means: "More than one image fits the digits that were given." },
  "reference-malformed": { exit: 2, means: "A reference to an image cannot be understood." },
  "reference-unknown": { exit: 1, means: "The store has no image of that name or digest." },
  "referrers-unusable": {
    exit: 1,
    means: "The list of what is attached to an image is too large, or is no list.",
  },
  "registry-credentials-unusable": {
    exit: 1,
    means: "The credentials for a registry cannot be read, or a credential helper failed.",
  },
  "registry-denied": { exit: 1, means: "A registry refused the credentials, or they do not allow this." },
  "registry-failed": { exit: 1, means: "A registry answered with an error, also when tried again." },
  "registry-missing": { exit: 1, means: "A registry does not have the image or blob." },
  "registry-unreachable": { exit: 1, means: "A registry could not be reached, or broke off, also when tried again." },
  "store-damaged": {
    exit: 4,
    means: "A blob of the store no longer has the content that its name says, or an image lacks a part.",
  },
  "tar-malformed": { exit: 1, means: "A tar archive is cut off, altered, or uses what no image builder writes." },

  "account-unknown": { exit: 1, means: "A definition names a user or group that the image does not have." },
  "base-not-debian": { exit: 1, means: "Packages are asked for on top of an image that is not Debian." },
  "base-outdated": { exit: 1, means: "Packages on top of a base image need newer versions of what the base has." },
  "file-conflict": {
    exit: 1,
    means: "A file of the definition would take the place of a folder of the image, or the reverse.",
  },
  "file-unsupported": { exit: 1, means: "A source of `files` is neither a file, a folder nor a symbolic link." },
  "image-unknown": { exit: 1, means: "The definition has no image of that name, or what was named is not one image." },
  "lock-incompatible": {
    exit: 1,
    means: "The lock was written for a release of Ingot that builds other bytes from it.",
  },
  "lock-malformed": { exit: 1, means: "The lock is not JSON of the shape that Ingot writes." },
  "lock-missing": { exit: 1, means: "An image has no entry in ingot.lock." },
  "lock-stale": { exit: 4, means: "The lock no longer fits the definition." },

  "evidence-missing": { exit: 4, means: "No statement of the wanted kind is signed with a trusted key." },
  "key-exists": { exit: 1, means: "There is a key of that role already; it is not overwritten." },
  "key-exposed": { exit: 1, means: "A file with a secret may be read by others, or belongs to another user." },
  "key-malformed": { exit: 1, means: "A key file is cut off, altered or not of a format that Ingot reads." },
  "key-missing": { exit: 1, means: "There is no key of the role that should sign." },
  "key-unsuitable": { exit: 1, means: "A key is not ECDSA on the curve P-256." },
  "passphrase-missing": { exit: 1, means: "A key is encrypted, and no passphrase is at hand." },
  "passphrase-unusable": { exit: 1, means: "A passphrase is empty, or was not typed the same twice." },
  "passphrase-wrong": { exit: 1, means: "A key does not open with the passphrase that was given." },
  "predicate-malformed": {
    exit: 1,
    means: "What should be attested is not JSON, too large, or of no use to who reads it.",
  },
  "provenance-missing": { exit: 1, means: "No statement says how an image was built." },
  "provenance-untrusted": { exit: 4, means: "Statements say how an image was built, but none by a trusted builder." },
  "provenance-unusable": {
    exit: 1,
    means: "A statement of how an image was built is not one that Ingot can build from.",
  },
  "rebuild-source-missing": {
    exit: 1,
    means: "A file that an image was built from is in none of the places that have it.",
  },
  "rebuilder-is-builder": { exit: 3, means: "The key that should confirm a build is the one that signed it." },
  "role-mismatch": { exit: 3, means: "A key was asked to sign what its role may not say." },
  "trust-exposed": { exit: 1, means: "Another user of the host can say whose keys are trusted here." },
  "trust-missing": { exit: 1, means: "Nothing says whose keys are trusted." },

  "vex-invalid": {
    exit: 1,
    means: "A VEX document is missing or not OpenVEX, or an exception in it lacks its owner, reason or expiry.",
  },

  "feed-damaged": {
    exit: 4,
    means: "A feed that was added is no longer whole on disk, or a file of exported feeds was altered or cut off.",
  },
  "feed-denied": { exit: 1, means: "A server refuses to give out a feed." },
  "feed-exists": { exit: 1, means: "A feed of that name comes from another place." },
  "feed-malformed": { exit: 1, means: "A feed is cut off, or is not of the format that its kind has." },
  "feed-missing": { exit: 1, means: "There is no feed at the address or path that was given." },
  "feed-rolled-back": { exit: 1, means: "A feed is older, or says far less, than the one in use." },
  "feed-too-large": { exit: 1, means: "A feed, or what it unpacks to, is larger than Ingot takes." },
  "feed-unknown": { exit: 1, means: "No feed has the name that was asked for." },
  "feed-unreachable": { exit: 1, means: "A feed could not be fetched whole, also when tried again." },

  "content-damaged": {
    exit: 4,
    means: "The kept file of an image's content no longer has the checksum it was written with.",
  },
  "content-not-mountable": { exit: 1, means: "The host's kernel cannot mount an image's content for an instance." },
  "image-not-runnable": {
    exit: 1,
    means: "An image's configuration lacks what an instance needs, such as a command or a known user.",
  },
  "instance-not-hardened": {
    exit: 4,
    means: "A setting that an instance must have was not in force; the instance was destroyed.",
  },
  "instance-start-failed": { exit: 1, means: "An instance could not be started; nothing of it is left." },
  "instance-stop-failed": {
    exit: 1,
    means: "Something of an instance could not be removed; the same command can be repeated.",
  },
  "instance-unknown": { exit: 1, means: "No instance has the id that was asked for." },
  "layer-invalid": { exit: 1, means: "An image holds a file that the content of an instance cannot have." },
  "network-failed": { exit: 1, means: "A CNI plugin could not make or remove an instance's network." },
  "network-no-subnet": { exit: 1, means: "Every network that Ingot would use for instances is in use on this host." },
  "runtime-unsupported": { exit: 1, means: "This host or this user cannot run instances." },

  "environment-unknown": { exit: 1, means: "No environment has the name that was asked for." },
  "policy-denied": { exit: 3, means: "The policy does not permit what was asked for." },
  "policy-invalid": { exit: 1, means: "A policy holds mistakes; all of them are listed with their places." },

  "event-malformed": { exit: 1, means: "An event holds a value that canonical JSON cannot say." },
  "log-damaged": { exit: 4, means: "A file of a log does not have the content that the log's tree says." },
  "log-entry-too-large": { exit: 1, means: "An entry has more bytes than a log can hold in one." },
  "log-entry-unknown": { exit: 1, means: "A log has no entry of the number that was asked for." },
  "log-forked": { exit: 4, means: "A log is not the continuation of what it signed before." },
  "log-key-wrong": { exit: 1, means: "A log was signed by another key than the one that was given." },
  "log-missing": { exit: 1, means: "There is no log in a folder." },
  "log-note-malformed": { exit: 4, means: "A signed note or checkpoint is not of the form that C2SP writes." },
  "log-write-failed": { exit: 1, means: "A log could not be written; what it acknowledged before is unharmed." },
  "witness-in-doubt": {
    exit: 1,
    means:
      "Too few witnesses cosigned a checkpoint, and one may have recorded it: the log offers it again before any other.",
  },
  "witness-unreachable": { exit: 1, means: "Too few witnesses cosigned a checkpoint, and none has recorded it." },

  "body-too-large": { exit: 1, means: "A request to the controller is larger than it takes." },
  "controller-failed": { exit: 1, means: "The controller answered in a way that this release does not know." },
  "controller-unreachable": { exit: 1, means: "The controller could not be reached, or broke off." },
  "listen-failed": { exit: 1, means: "A server cannot listen on the address that it was given." },
  "request-malformed": { exit: 2, means: "A request to the controller is not of the form that its route takes." },
  "route-unknown": { exit: 1, means: "The controller has no such route." },
  "settings-malformed": { exit: 2, means: "The controller's settings cannot be understood." },
  "tls-required": { exit: 2, means: "Without TLS the controller may listen on loopback only." },
  "break-glass-malformed": {
    exit: 2,
    means: "A policy should be gone around without a reason, or for longer than a day.",
  },
  "image-not-pushed": { exit: 1, means: "The controller's registry has no image of that name or digest." },
  "release-unknown": { exit: 1, means: "A service has no such release in an environment." },
  "rollback-refused": {
    exit: 1,
    means: "There is no release to go back to, or the one that was asked for is no way back.",
  },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4; means: string }>;

export type ErrorCode = keyof typeof errorCodes;
