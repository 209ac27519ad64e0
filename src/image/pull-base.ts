import type { Context } from "../ground/context.ts";
import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";

export async function findDigest(_ctx: Context, _reference: string): Promise<Digest> {
  throw new Error("waits for the registry client");
}
export async function pullBase(_ctx: Context, _layout: Layout, _base: { reference: string; digest: Digest }): Promise<void> {
  throw new Error("waits for the registry client");
}
