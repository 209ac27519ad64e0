import { existsSync } from "node:fs";
import type { TrustedKey } from "../evidence/evidence.ts";
import { shortId } from "../evidence/keys/key-folder.ts";
import { readTrust, type Trust } from "../evidence/keys/trust.ts";
import type { Context } from "../ground/context.ts";

/**
 * Says at once what `ingot verify` would say much later: the project trusts keys of this role, and not the one that signs (another host's, or one that was
 * rotated). A project that trusts nobody of the role asks for nothing of it.
 */
export function warnUntrusted(ctx: Context, { role, id }: TrustedKey, trust: Trust): void {
  const paths = (trust[role] ?? []).filter((path) => existsSync(path));
  if (paths.length === 0) return;
  if (readTrust(ctx, { [role]: paths }).some((key) => key.id === id)) return;
  ctx.report.warn(
    `trust: of ingot.yaml does not name the ${role}'s key ${shortId(id)}, so ingot verify will not count what it signs; next: ingot key public ${role} --trust FOLDER`,
  );
}
