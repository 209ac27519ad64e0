import { resolve } from "node:path";
import type { TrustedKey } from "../../evidence/evidence.ts";
import type { Inventory } from "../../evidence/inventory/inventory.ts";
import type { Advisories } from "../../evidence/scan/finding.ts";
import { noteNoSuite, openSuite } from "../../evidence/scan/open-suite.ts";
import type { ScanKnowledge } from "../../evidence/scan/scan-image.ts";
import type { VexStatement } from "../../evidence/vex/statement.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Project } from "../../project/definition.ts";
import type { FoundImage } from "./find-scanned-image.ts";
import type { ScanOptions } from "./scan-options.ts";

/** Opens every source of findings and of exceptions that the options leave in. */
export async function gatherKnowledge(
  ctx: Context,
  { found, inventory, project }: { found: FoundImage; inventory: Inventory; project: Project | undefined },
  options: ScanOptions,
): Promise<ScanKnowledge> {
  // Exceptions first: a mistake in them is told before anything is fetched.
  const vex = await gatherExceptions(ctx, { found, project }, options);
  const feeds = options.feeds ? await openAllFeeds(ctx) : undefined;
  const suite = options.securitySuite ? await openProjectSuite(ctx, inventory, project) : undefined;
  return {
    advisories: [...(suite === undefined ? [] : [suite]), ...(feeds?.advisories ?? [])],
    ...(feeds === undefined ? {} : { sources: feeds.sources, exploited: feeds.exploited, epss: feeds.epss }),
    exceptions: vex.statements,
    notes: [
      ...(options.securitySuite && suite === undefined ? noteNoSuite(inventory) : []),
      ...(feeds?.notes ?? []),
      ...vex.notes,
    ],
  };
}

async function openAllFeeds(ctx: Context) {
  const { openFeeds } = await import("../../evidence/feeds/open-feeds.ts");
  return openFeeds(ctx);
}

async function openProjectSuite(
  ctx: Context,
  inventory: Inventory,
  project: Project | undefined,
): Promise<Advisories | undefined> {
  try {
    return await openSuite(ctx, inventory, {
      ...(project?.mirror === undefined ? {} : { mirror: project.mirror }),
      ...(project?.keyring === undefined ? {} : { keyring: project.keyring }),
    });
  } catch (error) {
    if (!(error instanceof IngotError) || error.code === "cancelled") throw error;
    const { hint, details } = error;
    // Never passed over: a scan that silently asked less would be taken for a clean one.
    throw new IngotError(error.code, error.message, {
      details,
      cause: error,
      hint: `${hint === undefined ? "" : `${hint}; or `}--no-security-suite scans by feeds alone`,
    });
  }
}

async function gatherExceptions(
  ctx: Context,
  { found, project }: { found: FoundImage; project: Project | undefined },
  options: ScanOptions,
): Promise<{ readonly statements: readonly VexStatement[]; readonly notes: readonly string[] }> {
  const { findVexFiles, loadVexFiles } = await import("../../evidence/vex/load-vex-files.ts");
  const given = (options.vex ?? []).map((path) => resolve(ctx.cwd, path));
  const own = project === undefined ? [] : findVexFiles(project.folder);
  const written = await loadVexFiles([...new Set([...own, ...given])], ctx);
  const attached = await readAttached(ctx, { found, project }, options);
  return { statements: [...attached.statements, ...written], notes: attached.notes };
}

async function readAttached(
  ctx: Context,
  { found, project }: { found: FoundImage; project: Project | undefined },
  options: ScanOptions,
) {
  const { listReferrers } = await import("../../oci/referrers.ts");
  // Signatures are costly to load: most images have nothing attached.
  if (listReferrers(found.layout, found.image.digest).length === 0) return { statements: [], notes: [] };
  const { readEvidence } = await import("../../evidence/statement/read-evidence.ts");
  const { readAttachedVex } = await import("../../evidence/vex/read-attached.ts");
  const trusted = await readTrusted(ctx, project, options);
  return readAttachedVex(readEvidence(found.layout, found.image.digest, trusted));
}

async function readTrusted(
  ctx: Context,
  project: Project | undefined,
  options: ScanOptions,
): Promise<readonly TrustedKey[]> {
  const { readTrust } = await import("../../evidence/keys/trust.ts");
  return readTrust(ctx, project?.trust ?? {}, options.key ?? []);
}
