import type { ImageConfig } from "../../oci/image-config.ts";
import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";
import type { TreeView } from "../../oci/layer/tree-view.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { ServiceAccount } from "./service-account.ts";

/** One thing that a lint does not want: a path (with its leading slash), a port or a variable, and what is wrong with it. */
export type LintFinding = { readonly where: string; readonly what: string };

/** An image as lints see it. All of it is data: a lint decides, and reads nothing. */
export type LintSubject = {
  readonly tree: TreeView;
  readonly inventory: Inventory;
  readonly config: ImageConfig;
  /** The Debian package that brings a path; undefined where none does. Paths as in the tree, without a leading slash. */
  readonly ownerOf: (path: string) => string | undefined;
  /** The content of the files that nobody vouches for (`worthReading`), by path. */
  readonly contents: ReadonlyMap<string, Buffer>;
  /** Who an instance runs as; undefined for root, and where the image does not know the name. */
  readonly account?: ServiceAccount;
  /** Where an instance has a tmpfs: paths with a leading slash. */
  readonly writable: readonly string[];
  /** What the definition says that the image must not have. */
  readonly without: readonly ("shell" | "package-manager")[];
  /** Where the definition puts files: absolute paths; undefined for an image without a definition at hand. */
  readonly files?: readonly string[];
  /** Ports that an instance was seen to listen on; undefined where none was started. */
  readonly listening?: readonly { readonly port: number; readonly process?: string }[];
};

/** A rule with a stable name. `check` gives what is wrong, or says in a sentence why the rule cannot be applied to this image. */
export type Lint = {
  readonly name: string;
  /** One sentence: what may not be. */
  readonly rule: string;
  /** Why: what goes wrong, or what an attacker gains. */
  readonly why: string;
  /** What a person does about it. */
  readonly advice: string;
  readonly check: (subject: LintSubject) => readonly LintFinding[] | { readonly skipped: string };
};

/** Regular files and hard links to them: what has a content and a mode of its own. */
export function filesOf(tree: TreeView): readonly LayerIndexEntry[] {
  return [...tree.values()].filter(({ type }) => type === "file" || type === "hardlink");
}

/** A finding about a path of the tree, which has no leading slash there. */
export function findingAt(path: string, what: string): LintFinding {
  return { where: `/${path}`, what };
}

/** Whether a path is a folder itself or lies in it; both with their leading slash. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Where a program lies on a merged-/usr system, as tables of known programs name it: `bin/ping` is `usr/bin/ping`. */
export function mergedUsrPath(path: string): string {
  return path.replace(/^(?:usr\/)?(bin|sbin|lib)\//, "usr/$1/");
}
