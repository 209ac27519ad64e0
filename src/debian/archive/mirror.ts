import { IngotError } from "../../ground/error.ts";
import { components, suitesOfRelease, type ReleaseSuite } from "../debian.ts";
import type { AptSource } from "./apt-sources.ts";
import type { ArchivePlan, Mirror, PlannedSuite } from "./archive-plan.ts";
import { hideCredentials } from "./credentials.ts";
import { hostKeyring, type KeyringSource } from "./keyring-source.ts";

export type MirrorRequest = {
  /** `bookworm`, `stable`, `sid`. */
  readonly release: string;
  readonly architecture: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From `readAptSources`. */
  readonly hostSources: readonly AptSource[];
  /** `mirror:` of the project. */
  readonly mirror?: { readonly main: string; readonly security?: string } | undefined;
  /** `keyring:` of the project: an absolute path. It replaces every other keyring. */
  readonly keyring?: string | undefined;
};

/**
 * Decides where every suite of a release comes from: `INGOT_DEBIAN_MIRROR` ("MAIN" or "MAIN SECURITY"), else the
 * project's `mirror:`, else the host's apt sources. No host name is known to Ingot. Throws `mirror-unknown`.
 */
export function planArchives(request: MirrorRequest): ArchivePlan {
  const named = namedMirror(request);
  const suites = suitesOfRelease(request.release).map((wanted): PlannedSuite => {
    const found = named ? named[wanted.archive] : findHostMirror(wanted, request);
    if (!found) throw unknownMirror(wanted);
    const keyring: KeyringSource =
      request.keyring === undefined
        ? (found.keyring ?? hostKeyring)
        : { kind: "files", files: [request.keyring], fingerprints: [] };
    return { ...wanted, components, keyring, uris: found.uris, from: found.from };
  });
  return { architecture: request.architecture, suites };
}

const projectMirror = "mirror:";

type FoundMirror = Mirror & { readonly keyring?: KeyringSource };

function namedMirror(request: MirrorRequest): Record<ReleaseSuite["archive"], FoundMirror> | undefined {
  const [main, security, more] = (request.env.INGOT_DEBIAN_MIRROR ?? "").split(/\s+/).filter((word) => word !== "");
  if (more) throw unusable("INGOT_DEBIAN_MIRROR", "more than two URLs");
  if (main) return bothMirrors(main, security, "INGOT_DEBIAN_MIRROR");
  if (request.mirror) return bothMirrors(request.mirror.main, request.mirror.security, projectMirror);
  return undefined;
}

function bothMirrors(
  main: string,
  security: string | undefined,
  from: string,
): Record<ReleaseSuite["archive"], FoundMirror> {
  const root = parseUri(main, from);
  return {
    main: { uris: [root], from },
    security: { uris: security === undefined ? guessSecurity(root) : [parseUri(security, from)], from },
  };
}

/**
 * Debian and nearly all mirrors keep security updates beside the main archive; some private ones keep all suites in
 * one root. Nothing is beside the root of a host: HOST-security would be another host, HOST:PORT-security no URL.
 */
function guessSecurity(main: string): readonly string[] {
  return /^https?:\/\/[^/]+$/i.test(main) ? [main] : [`${main}-security`, main];
}

function parseUri(text: string, from: string): string {
  if (from === projectMirror && /\/\/[^/]*@/.test(text)) {
    throw unusable(from, "it has a user or password in it, and ingot.yaml is for everyone to read");
  }
  const uri = (text.startsWith("/") ? `file:${text}` : text).replace(/\/+$/, "");
  if (!/^(https?:\/\/[^/]|file:\/)/i.test(uri) || !URL.canParse(uri))
    throw unusable(from, `${JSON.stringify(hideCredentials(text))} is no http, https or file URL`);
  return uri;
}

/**
 * The host's source that names the very suite; else the one its own release comes from; for security else the main
 * one's sibling.
 */
function findHostMirror(wanted: ReleaseSuite, request: MirrorRequest): FoundMirror | undefined {
  const sources = request.hostSources.filter((source) => isUsable(source, request.architecture));
  const named = bestOf(
    sources.filter((source) => source.suites.includes(wanted.suite)),
    request.hostSources,
  );
  if (named) return foundIn(named);
  const own = bestOf(
    sources.filter((source) => isOwnArchive(source, wanted.archive, sources)),
    request.hostSources,
  );
  if (own) return foundIn(own);
  if (wanted.archive === "main") return undefined;
  const main = findHostMirror({ archive: "main", suite: request.release }, request);
  return main && { ...main, uris: main.uris.flatMap(guessSecurity) };
}

function isUsable(source: AptSource, architecture: string): boolean {
  const { architectures } = source;
  return source.components.includes("main") && (architectures.length === 0 || architectures.includes(architecture));
}

/**
 * Whether the host itself is installed from this source. A foreign vendor's source may be called `bookworm main` too,
 * but only a distribution has its `-updates` and `-security` suites, so those, and Debian's ever-lasting names, tell
 * the two apart.
 */
function isOwnArchive(source: AptSource, archive: ReleaseSuite["archive"], all: readonly AptSource[]): boolean {
  if (archive === "security") return source.suites.some((suite) => suite.endsWith("-security"));
  const suites = new Set(all.flatMap((other) => other.suites));
  return source.suites.some(
    (suite) => lastingNames.has(suite) || suites.has(`${suite}-updates`) || suites.has(`${suite}-security`),
  );
}

const lastingNames: ReadonlySet<string> = new Set([
  "sid",
  "unstable",
  "testing",
  "stable",
  "oldstable",
  "oldoldstable",
]);

/**
 * Of several fitting sources, first those at a URI that also serves `-updates` or `-security` suites, then the one
 * apt reads first.
 */
function bestOf(candidates: readonly AptSource[], all: readonly AptSource[]): AptSource | undefined {
  const distribution = new Set(
    all
      .filter((source) => source.suites.some((suite) => /-(updates|security)$/.test(suite)))
      .flatMap((source) => source.uris),
  );
  return candidates.find((source) => source.uris.some((uri) => distribution.has(uri))) ?? candidates[0];
}

function foundIn(source: AptSource): FoundMirror {
  const keyring = source.signedBy === undefined ? {} : { keyring: source.signedBy };
  return { uris: source.uris, from: source.where, ...keyring };
}

function unknownMirror(wanted: ReleaseSuite): IngotError {
  return new IngotError("mirror-unknown", `nothing says where the Debian archive with ${wanted.suite} is`, {
    hint: "set INGOT_DEBIAN_MIRROR, write mirror: into ingot.yaml, or add a Debian source to /etc/apt/sources.list.d",
  });
}

function unusable(from: string, problem: string): IngotError {
  return new IngotError("mirror-unknown", `the mirror from ${from} cannot be used: ${problem}`, {
    hint: 'give one URL, or two divided by a blank: "MAIN SECURITY"',
  });
}
