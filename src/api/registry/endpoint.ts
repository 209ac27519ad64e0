import { parseDigest, parseReference, parseRepository, type Reference } from "../../controller/registry/names.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";

/** What a request is about (distribution-spec, "Endpoints"). */
export type Endpoint =
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: Reference }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly id: string }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: Digest };

/** Reads a path, without its query. Throws `repository-name-invalid`, `registry-request-unsupported`, `route-unknown`. */
export function parseEndpoint(path: string): Endpoint {
  if (path === "/v2/" || path === "/v2") return { kind: "base" };
  if (path === "/v2/_catalog") return { kind: "catalog" };
  const parts = decode(path).split("/");
  const last = parts.at(-1) ?? "";
  const kind = parts.at(-2);
  // From the end: a repository may be called `shop/tags`.
  const repository = (from: number): string => parseRepository(parts.slice(2, from).join("/"));
  if (kind === "manifests") {
    return { kind: "manifest", repository: repository(-2), reference: parseReference(last) };
  }
  if (kind === "uploads" && parts.at(-3) === "blobs") {
    return last === ""
      ? { kind: "uploads", repository: repository(-3) }
      : { kind: "upload", repository: repository(-3), id: last };
  }
  if (kind === "blobs") {
    return last === "uploads"
      ? { kind: "uploads", repository: repository(-2) }
      : { kind: "blob", repository: repository(-2), digest: parseDigest(last) };
  }
  if (kind === "tags" && last === "list") return { kind: "tags", repository: repository(-2) };
  if (kind === "referrers") return { kind: "referrers", repository: repository(-2), digest: parseDigest(last) };
  throw new IngotError("route-unknown", `the registry has no ${JSON.stringify(path.slice(0, 200))}`, {
    hint: "the OCI distribution specification 1.1 has every endpoint",
  });
}

/** Some clients write the colon of a digest as `%3A`. What else may be in there is for the patterns of names to refuse. */
function decode(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new IngotError("repository-name-invalid", "the path is not UTF-8 in percent-encoding", { cause });
  }
}
