import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import { manifestsWithBlob } from "../state/registry-lists.ts";
import { unknownBlob, type BlobAsked } from "./pull-blob.ts";
import { requireDelete } from "./push-permit.ts";
import type { Registry } from "./registry.ts";

/** Takes a blob that no manifest lists out of a repository. Throws `policy-denied`, `blob-unknown`, `image-in-use`. */
export async function deleteBlob(registry: Registry, principal: Principal, asked: BlobAsked): Promise<void> {
  const { repository, digest } = asked;
  await requireDelete(registry, principal, repository);
  const [user] = manifestsWithBlob(registry.controller.ledger.state, { repository, blob: digest }, 1);
  if (user !== undefined) {
    throw new IngotError("image-in-use", `${digest} is a part of ${repository}@${user}`, {
      hint: "delete the manifest; its blobs go with garbage collection",
    });
  }
  if (!registry.links.remove(repository, digest)) throw unknownBlob(asked);
}
