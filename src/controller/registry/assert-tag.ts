import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Settings } from "../settings.ts";
import { findTag } from "../state/registry.ts";

export type TagMove = { readonly repository: string; readonly tag: string; readonly digest: string };

/** A tag says for ever which image it is, but where the settings let it move. Throws `tag-immutable`. */
export function assertTagMayPoint(state: Database, settings: Pick<Settings, "mutableTags">, move: TagMove): void {
  const { repository, tag, digest } = move;
  const now = findTag(state, repository, tag);
  if (now === undefined || now === digest) return;
  if (attachedTag.test(tag) || settings.mutableTags.some((pattern) => fits(pattern, repository))) return;
  throw new IngotError("tag-immutable", `${repository}:${tag} is ${now} for ever, and cannot become ${digest}`, {
    hint: `push under a new tag; only mutable_tags: [${repository}] in controller.yaml lets tags move`,
  });
}

/** distribution-spec, "Referrers Tag Schema", and what cosign makes of it: lists that grow, not names of images. */
const attachedTag = /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/;

/** `*` stands for any letters, also slashes. */
function fits(pattern: string, repository: string): boolean {
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`).test(repository);
}
