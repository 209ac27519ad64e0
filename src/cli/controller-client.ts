import { openClient, type Client } from "../api/client/client.ts";
import type { Context } from "../ground/context.ts";
import { findController, tokenFor } from "./controller-access.ts";

/** The client of the controller that this installation is logged in to (`ingot login`, or INGOT_URL). Throws `not-logged-in`. */
export function openControllerClient(ctx: Context): Client {
  const { url } = findController(ctx);
  return openClient(ctx, { url, token: async () => (await tokenFor(ctx)).token });
}
