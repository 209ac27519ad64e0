import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { isDigest } from "../../oci/digest.ts";
import { namesRegistry, parseReference } from "../../oci/reference.ts";
import { findManifest, findTag, repositoriesOf } from "../state/registry.ts";

/** An image of the registry. */
export type PushedImage = { readonly repository: string; readonly image: string };

/**
 * An image as people name it: `shop/web:1`, `shop/web@sha256:…`, or its digest alone; with the registry's own host before it or without. Throws `image-not-pushed`, and `reference-malformed` for
 * what is no reference.
 */
export function findImage(state: Database, text: string): PushedImage {
  if (isDigest(text)) return { repository: requireRepository(state, text), image: text };
  // A reference without a host would be taken for one of the default registry.
  const { repository, tag, digest } = parseReference(namesRegistry(text) ? text : `registry.invalid/${text}`);
  const image = digest ?? findTag(state, repository, tag ?? "latest");
  if (image !== undefined && findManifest(state, repository, image) !== undefined) return { repository, image };
  throw notPushed(text, repository);
}

function requireRepository(state: Database, digest: string): string {
  const [repository] = repositoriesOf(state, digest);
  if (repository === undefined) throw notPushed(digest, "NAME");
  return repository;
}

function notPushed(text: string, repository: string): IngotError {
  return new IngotError("image-not-pushed", `the controller's registry does not have ${text}`, {
    hint: `ingot push IMAGE CONTROLLER/${repository}:TAG, with CONTROLLER as \`ingot login\` has it`,
  });
}
