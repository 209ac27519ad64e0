import type { Client } from "../../api/client/client.ts";
import type { Context } from "../../ground/context.ts";
import { toPrincipal } from "../sign-in/to-principal.ts";

export const nameArgument = ["<name>", "alice, or with its kind: workload:ci"] as const;

/** Loaded when it is called: help needs no client. */
export async function openController(ctx: Context): Promise<Client> {
  const { openControllerClient } = await import("../controller-client.ts");
  return openControllerClient(ctx);
}

export function pathOf(name: string): string {
  return `/api/v1/identities/${encodeURIComponent(toPrincipal(name))}`;
}
