import { joinPath, parentOf, resolveParents, type TreeView } from "../../oci/layer/tree-view.ts";
import { findingAt, isBelow, type Lint } from "./lint.ts";

export const danglingLink: Lint = {
  name: "dangling-link",
  rule: "no symbolic link that a person or a script made leads nowhere",
  why: "what is missing fails late, in production; and whoever can make the target decides what the link means",
  advice: "correct the link or bring what it points at",
  check: ({ tree, ownerOf, writable }) =>
    [...tree.values()]
      // A package's own link may point into a package that it only suggests: that is Debian's choice.
      .filter(({ type, path }) => type === "symlink" && ownerOf(path) === undefined)
      .map(({ path, linkname }) => ({ path, linkname, end: endOf(tree, path) }))
      .filter(
        ({ end }) => end !== undefined && !madeLater.concat(writable).some((folder) => isBelow(`/${end}`, folder)),
      )
      .map(({ path, linkname }) => findingAt(path, `points at ${linkname}, which is not there`)),
};

/** What the runtime brings. */
const madeLater: readonly string[] = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp"];

/** The path, without a leading slash, at which following a link stops because nothing is there; undefined when it leads to something. */
function endOf(tree: TreeView, link: string): string | undefined {
  let path = link;
  // As many links as the kernel follows.
  for (let links = 0; links <= 40; links++) {
    const resolved = resolveParents(tree, path);
    const entry = tree.get(resolved);
    if (entry === undefined) return resolved === "" ? undefined : resolved;
    if (entry.type !== "symlink") return undefined;
    const { linkname } = entry;
    path = normalise(linkname.startsWith("/") ? linkname : joinPath(parentOf(resolved), linkname));
  }
  return link;
}

/** Without a leading or last slash, and without what stands for nothing; `..` is left to `resolveParents`, for it follows links first. */
function normalise(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.at(-1) === ".." ? [...parts, "."].join("/") : parts.join("/");
}
