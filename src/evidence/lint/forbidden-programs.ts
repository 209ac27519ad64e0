import { baseName, parentOf } from "../../oci/layer/tree-view.ts";
import { findingAt, type Lint, type LintSubject } from "./lint.ts";

export const shell: Lint = {
  name: "shell",
  rule: "there is no shell in an image that is declared without one",
  why: "most attacks end in a shell: without one, what gets in has to bring its own, and no place that an instance can write to lets it be executed",
  advice: "leave out the package, or remove the files in `run:` (the last command may remove its own shell)",
  check: (subject) => findPrograms(subject, "shell", shells),
};

export const packageManager: Lint = {
  name: "package-manager",
  rule: "there is no package manager in an image that is declared without one",
  why: "an instance is never changed, so only an attacker has a use for it",
  advice: "remove the files in `run:` (dpkg's database may stay: scanners read it)",
  check: (subject) => findPrograms(subject, "package-manager", managers),
};

const shells: ReadonlySet<string> = new Set(
  "sh ash bash busybox csh dash elvish fish ksh ksh93 lksh mksh nu oksh posh rbash static-sh tcsh toybox xonsh yash zsh".split(
    " ",
  ),
);
const managers: ReadonlySet<string> = new Set(
  "apk apt apt-cache apt-get aptitude conda dnf dpkg dpkg-deb easy_install flatpak gem mamba microdnf npm npx opkg pacman pip pip3 pipx pnpm poetry rpm snap tdnf uv yarn yum zypper".split(
    " ",
  ),
);

/** By name, in the folders that programs are started from: a file or a link that somebody can start. */
function findPrograms({ tree, without }: LintSubject, what: "shell" | "package-manager", names: ReadonlySet<string>) {
  if (!without.includes(what)) return { skipped: `the definition does not say \`without: [${what}]\`` };
  return [...tree.values()]
    .filter(
      ({ path, type }) =>
        type !== "directory" && isProgramFolder(parentOf(path)) && names.has(versionless(baseName(path))),
    )
    .filter(({ type, mode }) => type === "symlink" || (mode & 0o111) !== 0)
    .map(({ path }) => findingAt(path, `is a ${what === "shell" ? "shell" : "package manager"}`));
}

function isProgramFolder(folder: string): boolean {
  return /^(?:usr\/(?:local\/)?)?s?bin$/.test(folder) || folder === "opt/bin";
}

/** `pip3.11` is pip3, `zsh5` is zsh. */
function versionless(name: string): string {
  return names3.has(name) ? name : name.replace(/[-.]?\d+(?:\.\d+)*$/, "");
}

const names3: ReadonlySet<string> = new Set(["pip3", "ksh93"]);
