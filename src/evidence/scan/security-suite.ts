import { readAptSources } from "../../debian/archive/apt-sources.ts";
import { planArchives } from "../../debian/archive/mirror.ts";
import { openSecurityUpdates, type SecurityUpdate } from "../../debian/security/security-updates.ts";
import { isDebianVersion } from "../feeds/debian-version.ts";
import type { Context } from "../../ground/context.ts";
import type { Advisories, Finding, InstalledSource } from "./finding.ts";
import { findingsOf } from "./security-findings.ts";

export type SecuritySuiteRequest = {
  /** Debian's codename: `bookworm`. */
  readonly release: string;
  /** Debian's name: `amd64`. */
  readonly architecture: string;
  /** `mirror:` and `keyring:` of a project; without them `INGOT_DEBIAN_MIRROR` and the host's apt sources decide. */
  readonly mirror?: { readonly main: string; readonly security?: string };
  readonly keyring?: string;
};

/**
 * The security suite of a release as a source of findings, needing nothing but the mirror: a newer source version there is a fix, and its changelog names what it
 * fixes. It says "fix available"; what it does not name is not therefore unaffected. The mirror is asked every time, as by `ingot lock`: one that cannot be reached is
 * an error, never "no findings". Undefined for a release without a security suite (sid). Throws what reading the archive throws.
 */
export async function openSecuritySuite(ctx: Context, request: SecuritySuiteRequest): Promise<Advisories | undefined> {
  const { mirror, keyring, ...release } = request;
  const plan = planArchives({ ...release, mirror, keyring, env: ctx.env, hostSources: readAptSources() });
  const updates = await openSecurityUpdates(ctx, plan);
  if (!updates) return undefined;
  const { suite, date, digest } = updates.suite;
  let notes: readonly string[] = [];
  return {
    source: { name: sourceName, kind: "security-suite", date, digest },
    covers: (one) => isOfRelease(one, request.release),
    find: async (installed) => {
      const ofRelease = installed.filter((one) => isOfRelease(one, request.release));
      // dpkg installs versions that it would not order; one package of somebody else must not end the scan.
      const asked = ofRelease.filter(({ version }) => isDebianVersion(version));
      const strange = ofRelease.filter((one) => !asked.includes(one));
      const found = await updates.find(asked);
      notes = [limitOf(suite), ...strange.map(noteStrange), ...found.flatMap(noteOf)];
      return found.flatMap((update) => findingsOf(update, { source: sourceName, binaries: binariesOf(update, asked) }));
    },
    notes: () => notes,
  };
}

const sourceName = "security-suite";

function isOfRelease({ ecosystem, release }: Pick<InstalledSource, "ecosystem" | "release">, wanted: string): boolean {
  return ecosystem === "deb" && (release === undefined || release === wanted);
}

function binariesOf(update: SecurityUpdate, asked: readonly InstalledSource[]): Finding["package"]["binaries"] {
  const own = asked.filter(({ name, version }) => name === update.source && version === update.installed);
  return own.flatMap(({ binaries }) => binaries);
}

function limitOf(suite: string): string {
  return `${suite} tells which fixes are there to be had; a vulnerability that it does not name may still be open`;
}

/** In the words of the tracker's feed: a person is told once. */
function noteStrange({ name, version }: InstalledSource): string {
  return `${name} was not looked at: ${JSON.stringify(version)} is no version`;
}

function noteOf({ source, installed, newest, entries, history }: SecurityUpdate): readonly string[] {
  if (entries.length === 0)
    return [`no package of ${source} ${newest} carries its changelog: what it fixes is not known`];
  if (history.length > 0) return [];
  return [
    `the changelog of ${source} ${newest} does not have the installed version ${installed}, and neither has the archive: some of its fixes may be in that version already`,
  ];
}
