import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import { baseName, joinPath, parentOf } from "../../oci/layer/tree-view.ts";
import type { ImageFacts } from "./image-facts.ts";

/**
 * Files that maintainer scripts, dpkg or an image builder are known to make, and that no list of dpkg names. `when` says what such a file may be: the less a
 * line lets through, the less can hide behind it.
 */
type ScriptWritten = {
  /** Of the whole path. */
  readonly path: RegExp;
  readonly when: keyof typeof conditions;
  readonly reason: string;
};

export const scriptWritten: readonly ScriptWritten[] = [
  ...from("dpkg's own database.", "any", [
    /^var\/lib\/dpkg\/(arch|available|cmethopt|diversions|lock|lock-frontend|statoverride|status)(-old)?$/,
    /^var\/lib\/dpkg\/(alternatives|triggers)\/[^/]+$/,
    /^var\/lib\/dpkg\/info\/format$/,
    /^var\/lib\/dpkg\/status\.d\/[^/]+$/,
  ]),
  ...from("dpkg's own database: what it keeps of a package that it has a list of.", "info", [
    /^var\/lib\/dpkg\/info\/[^/]+$/,
  ]),
  ...from("apt's state and lists.", "any", [
    /^var\/lib\/apt\/(extended_states|daily_lock|lists\/.+)$/,
    /^var\/cache\/apt\/.+$/,
    /^var\/backups\/[^/]+$/,
  ]),
  ...from("Answers to debconf, and its copy of the questions.", "any", [
    /^var\/cache\/debconf\/(config|passwords|templates)\.dat(-old)?$/,
  ]),
  ...from("Accounts: base-passwd, adduser and scripts write them.", "any", [
    /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$/,
  ]),
  ...from("The linker's cache of libraries (libc-bin).", "any", [
    /^etc\/ld\.so\.cache$/,
    /^var\/cache\/ldconfig\/aux-cache$/,
  ]),
  ...from("Bundles of the certificates that ca-certificates installs.", "any", [
    /^etc\/ssl\/certs\/(ca-certificates\.crt|java\/cacerts)$/,
    /^etc\/ca-certificates\.conf(\.dpkg-old)?$/,
  ]),
  ...from("Names, places and languages of the host: builders, engines and installers write them.", "named", [
    /^etc\/(hostname|hosts|networks|hosts\.allow|hosts\.deny|resolv\.conf|mailname|timezone|adjtime|locale\.gen|default\/locale)$/,
  ]),
  ...from("Made by pam-auth-update from the profiles of packages.", "any", [
    /^etc\/pam\.d\/common-[a-z-]+$/,
    /^var\/lib\/pam\/[a-z-]+$/,
  ]),
  ...from("Made by update-shells from what packages list.", "any", [/^etc\/shells$/, /^var\/lib\/shells\.state$/]),
  ...from("What deb-systemd-helper remembers of units that packages enable.", "any", [
    /^var\/lib\/systemd\/deb-systemd-(user-)?helper-(enabled|masked)\/.+$/,
  ]),
  ...from("What ucf remembers of configuration files.", "any", [
    /^var\/lib\/ucf\/(hashfile|registry)(\.\d+)?$/,
    /^var\/lib\/ucf\/cache\/[^/]+$/,
  ]),
  ...from("Catalogues of schemas that xml-core and sgml-base make.", "any", [
    /^etc\/(xml|sgml)\/(catalog|[^/]+\.(xml|cat))(\.old)?$/,
    /^var\/lib\/(xml-core|sgml-base)\/[^/]+$/,
  ]),
  ...from("An index that a trigger makes from files of packages.", "any", [
    /^usr\/share\/info\/dir(\.old)?$/,
    /^usr\/share\/mime\/.+$/,
    /^usr\/share\/applications\/mimeinfo\.cache$/,
    /^usr\/share\/glib-2\.0\/schemas\/gschemas\.compiled$/,
    /^usr\/share\/icons\/[^/]+\/icon-theme\.cache$/,
    /^usr\/share\/fonts\/(.+\/)?\.uuid$/,
    /^usr\/lib\/[^/]+\/(gdk-pixbuf-2\.0\/[^/]+\/loaders\.cache|gio\/modules\/giomodule\.cache|gconv\/gconv-modules\.cache)$/,
    /^usr\/lib\/locale\/locale-archive$/,
    /^etc\/init\.d\/\.depend\.(boot|start|stop)$/,
    /^etc\/mailcap$/,
    /^var\/lib\/dictionaries-common\/.+$/,
    /^var\/cache\/(fontconfig|man)\/.+$/,
  ]),
  ...from("A log of the installation.", "any", [
    /^var\/log\/(dpkg|alternatives|bootstrap|fontconfig)\.log$/,
    /^var\/log\/apt\/[^/]+$/,
  ]),
  ...from("A log that a package's script makes, so that it has the right owner.", "empty", [/^var\/log\/.+$/]),
  ...from("A mark that a script leaves: that it is there says all.", "empty", [/^var\/lib\/.+$/]),
  ...from("Made empty by scripts of base-files, passwd, pam and systemd, and by engines.", "empty", [
    /^etc\/(\.pwd\.lock|environment|machine-id|security\/opasswd)$/,
    /^\.dockerenv$/,
    /^run\/.+$/,
    /^etc\/apparmor\.d\/local\/[^/]+$/,
  ]),
  ...from("A table of file systems without a line in it.", "comments", [/^etc\/fstab$/]),
  ...from("A copy that a package's script makes of the package's own file.", "copy", [
    /^etc\/.+$/,
    /^root\/\.(bashrc|profile)$/,
    /^var\/www\/html\/[^/]+$/,
  ]),
  ...from("A link of update-alternatives.", "alternative", [/^(usr|etc|bin|sbin|lib)\/.+$/]),
  ...from(
    "A script enables what a package brings: the link leads to what a package or its script made.",
    "link-to-explained",
    [/^etc\/.+$/],
  ),
  ...from(
    "A link that base-files or a builder makes; it leads to a folder, or to what the kernel shows.",
    "usual-link",
    [
      /^(bin|sbin|lib|lib32|lib64|libx32)$/,
      /^(usr\/local\/man|var\/spool\/mail|var\/run|var\/lock|etc\/mtab|var\/lib\/dbus\/machine-id)$/,
      /^dev\/(fd|stdin|stdout|stderr|core)$/,
    ],
  ),
  ...from("Python's compiled form of a package's file.", "compiled-python", [/\.pyc$/]),
];

function from(reason: string, when: ScriptWritten["when"], paths: readonly RegExp[]): readonly ScriptWritten[] {
  return paths.map((path) => ({ path, when, reason }));
}

/** What is asked about one file, and what it is asked of. */
export type Tree = {
  readonly image: ImageFacts;
  /** Whether a package brings what lies at a place. */
  readonly isOwned: (path: string) => boolean;
  /** SHA-256 of the files of packages. */
  readonly ownedContents: ReadonlySet<string>;
};

/** Whether `entry`, at `path`, is of a kind that maintainer scripts are known to write, and looks as they write it. */
export function isWrittenByScripts(tree: Tree, entry: LayerIndexEntry, path: string): boolean {
  return scriptWritten.some((one) => one.path.test(path) && conditions[one.when](tree, entry, path));
}

type Condition = (tree: Tree, entry: LayerIndexEntry, path: string) => boolean;

const conditions = {
  // Builders give these any mode. Each is one file, so nothing can lie beside it.
  named: (_tree, { type }) => type !== "symlink",
  // Data that programs write is never a program: in a folder of caches one would be out of sight.
  any: (_tree, { type, mode }) => type !== "symlink" && (mode & 0o111) === 0,
  empty: (_tree, { type, size }) => type === "file" && size === 0,
  // The two texts that builders write; everything else is somebody's decision.
  comments: (_tree, { type, size }) => type === "file" && size < 64,
  copy: ({ ownedContents }, { sha256 }) => sha256 !== undefined && ownedContents.has(sha256),
  info: ({ image }, { type, path }) => type !== "symlink" && image.facts.has(path.replace(/\.[a-z0-9]+$/, ".list")),
  alternative: isAlternative,
  "link-to-explained": (tree, { type }, path) => type === "symlink" && isExplained(tree, tree.image.follow(path)),
  "usual-link": (_tree, { type, linkname }) => type === "symlink" && usualTargets.test(linkname),
  "compiled-python": ({ isOwned }, { type }, path) => type === "file" && isOwned(sourceOfPython(path)),
} as const satisfies Record<string, Condition>;

function isExplained(tree: Tree, path: string): boolean {
  const entry = tree.image.view.get(path);
  // The end of the links: not one more, so that this ends, too.
  return (
    tree.isOwned(path) || (entry !== undefined && entry.type !== "symlink" && isWrittenByScripts(tree, entry, path))
  );
}

/** What lies in /etc/alternatives, or leads there; it ends at a package's file, or at a manual page, which images often leave out. */
function isAlternative({ image, isOwned }: Tree, { type, linkname }: LayerIndexEntry, path: string): boolean {
  if (type !== "symlink" || !(linkname.startsWith("/etc/alternatives/") || path.startsWith("etc/alternatives/")))
    return false;
  const end = image.follow(path);
  return isOwned(end) || (!image.view.has(end) && end.startsWith("usr/share/man/"));
}

const usualTargets =
  /^(\/?usr\/(bin|sbin|lib|lib32|lib64|libx32)|(\.\.)?\/?(share\/man|mail|run|run\/lock)|(\.\.\/|\/)proc\/(self\/)?(fd(\/[012])?|mounts|kcore)|\/etc\/machine-id)$/;

/** `a/__pycache__/b.cpython-311.opt-1.pyc` → `a/b.py`. */
function sourceOfPython(path: string): string {
  const folder = parentOf(path);
  const [name = ""] = baseName(path).split(".");
  return joinPath(baseName(folder) === "__pycache__" ? parentOf(folder) : folder, `${name}.py`);
}
