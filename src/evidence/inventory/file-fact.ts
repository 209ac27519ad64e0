import type { NamedPackage } from "./named-package.ts";

/** What the content of one file tells an inventory. */
export type FileFact =
  /** dpkg's own files, and os-release. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "licences"; readonly licences: readonly string[] }
  /** A file that says which packages it is, or, for a Go program, is made of. */
  | { readonly kind: "packages"; readonly packages: readonly NamedPackage[] }
  /** A Python package's list of its files: paths in the image. */
  | { readonly kind: "record"; readonly paths: readonly string[] }
  /** Not read; a sentence without the path. */
  | { readonly kind: "skipped"; readonly why: string };

/** By path as the layer writes it. */
export type LayerFacts = ReadonlyMap<string, FileFact>;

/** Reads bytes of one file; what lies behind its end is left out. */
export type ReadAt = (offset: number, length: number) => Buffer;
