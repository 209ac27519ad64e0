/** One thing that Ingot changes in a tree after scripts ran, and why. docs/normalisation.md is made from this table. */
export type NormalisationRule = {
  /** Below the root, without a leading slash. `*` stands for any name in its place, a trailing `**` for everything below a folder but folders that a package ships. */
  readonly path: string;
  readonly action: "remove" | "empty" | "clamp-shadow";
  readonly reason: string;
};

const remove = (reason: string, ...paths: readonly string[]): readonly NormalisationRule[] =>
  paths.map((path) => ({ path, action: "remove", reason }));

/** Applied to the tree itself at the end of every stage, so that a build that goes on from cached layers sees what a build from scratch sees. */
export const normalisationRules: readonly NormalisationRule[] = [
  ...remove(
    "A log of the cast, with the times of the cast.",
    "var/log/dpkg.log",
    "var/log/alternatives.log",
    "var/log/bootstrap.log",
    "var/log/fontconfig.log",
    "var/log/apt/*",
  ),
  ...remove(
    "A cache that holds times or inode numbers of the casting machine; its owner makes it again when needed.",
    "var/cache/ldconfig/aux-cache",
    "var/cache/man/**",
    "var/cache/fontconfig/**",
    "var/cache/apt/**",
  ),
  ...remove("A copy of the archive's index: an image is never updated in place.", "var/lib/apt/lists/**"),
  ...remove("A backup that only tells what a script changed.", "var/lib/dpkg/*-old", "var/cache/debconf/*-old"),
  ...remove(
    "A backup that only tells what a script changed.",
    "etc/passwd-",
    "etc/group-",
    "etc/shadow-",
    "etc/gshadow-",
    "etc/subuid-",
    "etc/subgid-",
  ),
  ...remove(
    "A lock of a program that is no longer running.",
    "etc/.pwd.lock",
    "var/lib/dpkg/lock",
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/triggers/Lock",
  ),
  ...remove("Belongs to one boot, not to an image.", "run/**", "tmp/**", "var/tmp/**", "dev/**"),
  ...remove(
    "Identifies one machine; every instance of the image would share it.",
    "var/lib/dbus/machine-id",
    "etc/hostname",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
  ),
  ...remove("Names the resolver of one network; the runtime brings its own.", "etc/resolv.conf"),
  ...remove(
    "A private key, or its certificate, made on the casting machine: a secret must not be in an image, and never in two instances.",
    "etc/ssh/ssh_host_*",
    "etc/ssl/private/ssl-cert-snakeoil.key",
    "etc/ssl/certs/ssl-cert-snakeoil.pem",
  ),
  {
    path: "etc/machine-id",
    action: "empty",
    reason: "Identifies one machine; an empty file is filled at the first boot.",
  },
  {
    path: "etc/shadow",
    action: "clamp-shadow",
    reason: "The day of the last password change is at most the day of the epoch.",
  },
];

/** What the walk over the tree itself takes care of, for the same page. */
export const walkRules: readonly { readonly what: string; readonly reason: string }[] = [
  {
    what: "`__pycache__` and `*.pyc` that no package ships are removed",
    reason:
      "Compiled Python holds the time and the order of the compilation; the instance's root is read-only, so Python compiles in memory.",
  },
  {
    what: "Times of files that scripts wrote are at most the epoch",
    reason:
      "The epoch is the newest date of the signed suites; files of packages keep the time that their package gives them.",
  },
  {
    what: "Times of folders are those of the upper-most layer that holds them, or the epoch",
    reason: "A folder's time tells when something in it was made, which is the time of the cast.",
  },
];
