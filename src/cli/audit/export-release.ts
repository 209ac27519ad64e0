import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Client } from "../../api/client/client.ts";
import type { Dossier } from "../../controller/audit/dossier.ts";
import { checkReceipt } from "../../controller/audit/receipt.ts";
import type { Release } from "../../controller/state/releases.ts";
import { writeFileAtomic } from "../../ground/atomic-file.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { parseReleaseNumber } from "../release/parse-release-number.ts";
import { makePage } from "./dossier-page.ts";

export type Exported = { readonly folder: string; readonly dossier: Dossier };

/**
 * Writes `index.html`, `release.json` and `receipts/EVENT.json` into a folder. Each receipt is checked before: what is handed to an auditor holds. Throws `release-unknown`, `receipt-wrong`, `usage` for a
 * folder that holds something.
 */
export async function exportRelease(
  ctx: Context,
  client: Client,
  wanted: { readonly release: string; readonly environment: string; readonly output: string },
): Promise<Exported> {
  const folder = resolve(ctx.cwd, wanted.output);
  assertFree(folder);
  const [service = "", number] = wanted.release.split("@");
  const path = `${encodeURIComponent(wanted.environment)}/${encodeURIComponent(service)}`;
  const chosen =
    number === undefined ? await findCurrent(client, path, wanted) : parseReleaseNumber(number, "<release>");
  const dossier = await client.get<Dossier>(`/api/v1/audit/releases/${path}/${chosen}`);
  const receipts = dossier.events.map(({ receipt }) => ({
    index: receipt.event.index,
    text: `${JSON.stringify(receipt, undefined, 2)}\n`,
  }));
  for (const { text } of receipts) checkReceipt(text, { key: dossier.controller.logs.events });
  for (const { index, text } of receipts) writeFileAtomic(join(folder, "receipts", `${index}.json`), text);
  writeFileAtomic(join(folder, "release.json"), `${JSON.stringify(dossier, undefined, 2)}\n`);
  writeFileAtomic(join(folder, "index.html"), makePage(dossier));
  return { folder, dossier };
}

/** Attack and mistake alike: files of another release among those that an auditor gets. What is not there is made once there is something to write. */
function assertFree(folder: string): void {
  if (!existsSync(folder)) return;
  const isFolder = statSync(folder).isDirectory();
  if (isFolder && readdirSync(folder).length === 0) return;
  throw new IngotError("usage", `${folder} is ${isFolder ? "not empty" : "a file"}`, {
    hint: "name a new folder for the export",
  });
}

async function findCurrent(
  client: Client,
  path: string,
  { release, environment }: { readonly release: string; readonly environment: string },
): Promise<number> {
  const { releases } = await client.get<{ readonly releases: readonly Release[] }>(`/api/v1/releases/${path}`, {
    limit: 1,
  });
  const [current] = releases;
  if (current !== undefined) return current.number;
  throw new IngotError("release-unknown", `service ${release} has no release in ${environment}`, {
    hint: "ingot status shows what is released, and where",
  });
}
