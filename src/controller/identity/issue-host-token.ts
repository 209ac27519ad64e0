import { formatPrincipal } from "../../policy/principal-name.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { signAccessToken, tokenId } from "./access-token.ts";
import type { IssuedToken } from "./issue-token.ts";
import { signInOf } from "./sign-in.ts";

/** Seconds: enough for the largest image to begin to be pulled. */
const lifetime = 600;

/** Of this machine, in every environment that it runs services of. */
export const controllerHost = { kind: "workload", name: "controller-host" } as const;

/** A token by which the container engine of this machine pulls for one environment. It is a host's: it pulls what the environment's policy permits, and may nothing else. */
export async function issueHostToken(controller: Controller, environment: string): Promise<IssuedToken> {
  const jti = controller.ctx.randomBytes(16).toString("base64url");
  const claims = {
    id: tokenId(jti),
    principal: formatPrincipal(controllerHost),
    environment,
    expires: signInOf(controller).now() + lifetime,
  };
  const event = makeEvent(system, "token.issued", { ...claims, by: { kind: "controller" } });
  await controller.ledger.transact(() => ({ events: [event], result: undefined }));
  return { ...claims, token: await signAccessToken(controller, { ...claims, jti }) };
}
