import { IngotError } from "../../ground/error.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";

/** What a manifest is asked for by. */
export type Reference =
  | { readonly kind: "digest"; readonly digest: Digest }
  | { readonly kind: "tag"; readonly tag: string };

// distribution-spec, "Pulling manifests". A name has no `..`, no empty part and nothing that a file system reads otherwise: it is used in paths.
const repositoryPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const otherDigest = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/** Clients limit host and name together to 255; a part of a path, too, has no more. */
const longestRepository = 255;

/** Throws `repository-name-invalid`. */
export function parseRepository(text: string): string {
  if (text.length <= longestRepository && repositoryPattern.test(text)) return text;
  throw invalid(text, "a repository", "lower-case letters and digits, with single . _ - / between them: shop/web");
}

/** Throws `repository-name-invalid`, and `registry-request-unsupported` for a digest by another algorithm. */
export function parseReference(text: string): Reference {
  if (text.includes(":")) return { kind: "digest", digest: parseDigest(text) };
  if (tagPattern.test(text)) return { kind: "tag", tag: text };
  throw invalid(text, "a tag", "at most 128 letters, digits and . _ -, the first of them no . or -");
}

/** As `parseReference`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  if (otherDigest.test(text) && !text.startsWith("sha256:")) {
    throw new IngotError("registry-request-unsupported", `expected a digest by sha256, got ${clip(text)}`, {
      hint: "push and pull by sha256, which every tool can",
    });
  }
  throw invalid(text, "a digest", "sha256: and 64 hex digits");
}

function invalid(text: string, what: string, hint: string): IngotError {
  return new IngotError("repository-name-invalid", `${JSON.stringify(clip(text))} is not the name of ${what}`, {
    hint,
  });
}

function clip(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
