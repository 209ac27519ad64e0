import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Principal } from "../../policy/policy.ts";
import { makeEvent } from "../events/events.ts";
import { formatPrincipal } from "../../policy/principal-name.ts";
import { indexesWith } from "../state/registry-lists.ts";
import { releasesOf } from "../state/releases.ts";
import type { Reference } from "./names.ts";
import { requireManifest } from "./pull-manifest.ts";
import { requireDelete } from "./push-permit.ts";
import type { Registry } from "./registry.ts";

/**
 * Takes a tag, or a manifest with all its tags, out of a repository. Its content stays until garbage is collected; that it was there stays on the record. Throws `policy-denied`,
 * `manifest-unknown`, `repository-unknown`, `image-in-use`.
 */
export async function deleteManifest(
  registry: Registry,
  principal: Principal,
  { repository, reference }: { readonly repository: string; readonly reference: Reference },
): Promise<void> {
  await requireDelete(registry, principal, repository);
  const actor = formatPrincipal(principal);
  await registry.takeAway(() =>
    registry.controller.ledger.transact((state) => {
      const { digest } = requireManifest(state, repository, reference);
      if (reference.kind === "tag") {
        return { events: [makeEvent(actor, "tag.deleted", { repository, tag: reference.tag })], result: undefined };
      }
      assertUnused(state, repository, digest);
      return { events: [makeEvent(actor, "manifest.deleted", { repository, digest })], result: undefined };
    }),
  );
}

function assertUnused(state: Database, repository: string, digest: string): void {
  const [index] = indexesWith(state, repository, digest);
  const releases = releasesOf(state, digest).map(
    ({ service, environment, number }) => `release ${number} of ${service} in ${environment}`,
  );
  const users = [...(index === undefined ? [] : [`the index ${index}`]), ...releases];
  if (users.length === 0) return;
  throw new IngotError("image-in-use", `${repository}@${digest} is needed by ${users[0]}`, {
    details: users,
    hint:
      index === undefined
        ? "what was released stays, so that it can be gone back to and looked into"
        : "delete the index first",
  });
}
