import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { nearestWord } from "../../ground/nearest-word.ts";
import { isDigest } from "../../oci/digest.ts";
import { namesRegistry, parseReference } from "../../oci/reference.ts";
import { findManifest, findTag, imagesWith, listImageNames, repositoriesOf } from "../state/registry.ts";

/** An image of the registry. */
export type PushedImage = { readonly repository: string; readonly image: string };

/**
 * An image as people name it: `shop/web:1`, `shop/web@sha256:…`, its digest alone or the first twelve or more digits of it; with the registry's own host before it or without. Throws
 * `image-not-pushed`, `reference-ambiguous`, and `reference-malformed` for what is no reference.
 */
export function findImage(state: Database, text: string): PushedImage {
  if (isDigest(text)) return { repository: requireRepository(state, text), image: text };
  const short = findByPrefix(state, text);
  if (short !== undefined) return short;
  // A reference without a host would be taken for one of the default registry.
  const { repository, tag, digest } = parseReference(namesRegistry(text) ? text : `registry.invalid/${text}`);
  const image = digest ?? findTag(state, repository, tag ?? "latest");
  if (image !== undefined && findManifest(state, repository, image) !== undefined) return { repository, image };
  throw notPushed(text, { repository, ...findNear(state, text, repository) });
}

/** As denials and tables name images. A repository of such a name is meant where no digest begins so. */
function findByPrefix(state: Database, text: string): PushedImage | undefined {
  const [, digits] = /^(?:sha256:)?([0-9a-f]{12,63})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const [image, ...others] = imagesWith(state, `sha256:${digits}`);
  if (image === undefined) return undefined;
  if (others.length === 0) return { repository: requireRepository(state, image), image };
  throw new IngotError("reference-ambiguous", `${others.length + 1} images have a digest that begins with ${digits}`, {
    details: [image, ...others],
    hint: "give more digits",
  });
}

function requireRepository(state: Database, digest: string): string {
  const [repository] = repositoriesOf(state, digest);
  if (repository === undefined) throw notPushed(digest, { repository: "NAME" });
  return repository;
}

type Near = { readonly repository: string; readonly near?: string };

/** `shop/web:1` for `web:1`, `shop/wbe:1` and `shop/web:9`. */
function findNear(state: Database, text: string, repository: string): Pick<Near, "near"> {
  const names = listImageNames(state);
  const last = repository.slice(repository.lastIndexOf("/") + 1);
  const near =
    nearestWord(text, names) ??
    names.find((name) => name.startsWith(`${repository}:`)) ??
    names.find((name) => name.includes(`/${last}:`));
  return near === undefined ? {} : { near };
}

function notPushed(text: string, { repository, near }: Near): IngotError {
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new IngotError("image-not-pushed", `the controller's registry does not have ${text}${meant}`, {
    hint: `ingot push IMAGE CONTROLLER/${repository}:TAG, with CONTROLLER as \`ingot login\` has it`,
  });
}
