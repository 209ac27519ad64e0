import { IngotError } from "../../ground/error.ts";
import type { Principal } from "../../policy/policy.ts";
import { pullBlob, type BlobAsked } from "./pull-blob.ts";
import type { Registry } from "./registry.ts";

/** Puts a blob into a repository that is in another one, without sending it. False where it is not there, or may not be pulled from there: a client then sends it. */
export async function mountBlob(
  registry: Registry,
  principal: Principal,
  mount: BlobAsked & { readonly from: string },
): Promise<boolean> {
  const { repository, digest, from } = mount;
  try {
    const { size } = await pullBlob(registry, principal, { repository: from, digest });
    await registry.links.add(repository, digest);
    // Swept in this moment: then it must be sent.
    return registry.controller.store.renewBlob(digest, size);
  } catch (error) {
    if (error instanceof IngotError && (error.code === "blob-unknown" || error.code === "policy-denied")) return false;
    throw error;
  }
}
