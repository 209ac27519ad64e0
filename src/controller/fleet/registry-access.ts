import { IngotError } from "../../ground/error.ts";
import type { RegistryAccess } from "../../runtime/docker/daemon-image.ts";
import type { Controller } from "../controller.ts";
import { issueHostToken } from "../identity/issue-host-token.ts";
import { releasesOf } from "../state/releases.ts";

/** How the container engine of this machine pulls an image: from this controller's own registry, by its digest, with a token for an environment that it was released to. There the policy decides once more. */
export function registryAccess(controller: Controller): RegistryAccess {
  const { host } = new URL(controller.settings.baseUrl);
  return async (image) => {
    const release = releasesOf(controller.ledger.state, image).at(-1);
    if (release === undefined) {
      throw new IngotError("release-unknown", `no service was ever released with the image ${image}`);
    }
    const { token, principal } = await issueHostToken(controller, release.environment);
    return { reference: `${host}/${release.repository}@${image}`, username: principal, password: token };
  };
}
