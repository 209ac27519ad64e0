import { planArchives } from "../debian/archive/mirror.ts";
import type { ArchivePlan } from "../debian/archive/archive-plan.ts";
import { readAptSources } from "../debian/archive/apt-sources.ts";
import type { Context } from "../ground/context.ts";
import type { Project } from "../project/definition.ts";

/** Where a Debian release comes from for this project on this host: pure, but for reading the host's apt sources. */
export function archivesOf(
  ctx: Context,
  project: Project,
  request: { readonly release: string; readonly architecture: string },
): ArchivePlan {
  return planArchives({
    ...request,
    env: ctx.env,
    hostSources: readAptSources("/"),
    mirror: project.mirror,
    keyring: project.keyring,
  });
}
