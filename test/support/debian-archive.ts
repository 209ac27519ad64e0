import { hash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { xz } from "@napi-rs/lzma";
import { clearsign, makeArchiveKey, type ArchiveKey } from "./archive-key.ts";
import { buildDeb, controlOf, formatStanza, type DebDescription } from "./build-deb.ts";

export type TestArchiveOptions = {
  /** An empty folder: `debian/`, `debian-security/`, `keyring.gpg` and `keyring.asc` are made in it. */
  readonly folder: string;
  /** `bookworm` by default. */
  readonly release?: string;
  /** `amd64` by default. */
  readonly architecture?: string;
  /** Made anew when left out. */
  readonly key?: ArchiveKey;
  /**
   * Where built packages are kept; several archives may share it to build each package once. Inside `folder` by
   * default.
   */
  readonly built?: string;
};

/** What `publish` writes; every call writes all three suites anew. */
export type Publication = {
  /** Packages of RELEASE, of RELEASE-updates and of RELEASE-security. */
  readonly main?: readonly DebDescription[];
  readonly updates?: readonly DebDescription[];
  readonly security?: readonly DebDescription[];
  /** The `Date` of the suites, and of the signature; now by default. */
  readonly date?: Date;
  readonly validUntil?: Date;
  /** `none`: plain text; `altered`: a byte of the signed text is changed; keys: signed by these instead. */
  readonly signature?: "good" | "none" | "altered" | readonly ArchiveKey[];
  /** Fields of Release that replace the usual ones; `undefined` leaves a field out. */
  readonly release?: Readonly<Record<string, string | undefined>>;
  /** Whether indexes also lie under their hash; true by default. */
  readonly byHash?: boolean;
  /** Index files to write and list: all by default. */
  readonly compressions?: readonly ("" | ".gz" | ".xz")[];
};

export type TestArchive = {
  readonly folder: string;
  readonly release: string;
  readonly architecture: string;
  readonly key: ArchiveKey;
  readonly built: string;
  /** Path of the public key: binary. */
  readonly keyring: string;
  /** Value of INGOT_DEBIAN_MIRROR that reads it from its folder, without a server. */
  readonly mirror: string;
  readonly publish: (publication: Publication) => Promise<void>;
};

/**
 * Makes a real signed Debian archive of small real packages. Call `publish` to fill it; serve it with `serveArchive`.
 */
export async function makeTestArchive(options: TestArchiveOptions): Promise<TestArchive> {
  const { folder, release = "bookworm", architecture = "amd64" } = options;
  const key = options.key ?? (await makeArchiveKey());
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "keyring.gpg"), key.binary);
  writeFileSync(join(folder, "keyring.asc"), key.armored);
  const archive = {
    folder,
    release,
    architecture,
    key,
    built: options.built ?? join(folder, "built"),
    keyring: join(folder, "keyring.gpg"),
    mirror: `file:${join(folder, "debian")} file:${join(folder, "debian-security")}`,
  };
  return {
    ...archive,
    publish: async (publication) => {
      const suites = [
        { root: "debian", suite: release, packages: publication.main ?? [] },
        { root: "debian", suite: `${release}-updates`, packages: publication.updates ?? [] },
        { root: "debian-security", suite: `${release}-security`, packages: publication.security ?? [] },
      ];
      for (const suite of suites) await publishSuite(archive, suite, publication);
    },
  };
}

type ArchivePlace = Pick<TestArchive, "folder" | "architecture" | "key" | "built">;
type SuiteContent = { readonly root: string; readonly suite: string; readonly packages: readonly DebDescription[] };

async function publishSuite(archive: ArchivePlace, content: SuiteContent, publication: Publication): Promise<void> {
  const root = join(archive.folder, content.root);
  const stanzas: string[] = [];
  for (const description of content.packages) stanzas.push(await addPackage(description, root, archive.built));
  const dist = join(root, "dists", content.suite);
  rmSync(dist, { recursive: true, force: true });
  const sums = await writeIndexes(
    dist,
    `main/binary-${archive.architecture}/Packages`,
    stanzas.join("\n"),
    publication,
  );
  const release = formatRelease(archive, content, publication, sums);
  writeFileSync(join(dist, "Release"), release);
  writeFileSync(join(dist, "InRelease"), await signRelease(release, archive, publication));
}

async function addPackage(description: DebDescription, root: string, cache: string): Promise<string> {
  const { name, version, architecture = "all" } = description;
  const built = await buildDeb(description, cache);
  const filename = `pool/main/${name[0]}/${name}/${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`;
  mkdirSync(dirname(join(root, filename)), { recursive: true });
  copyFileSync(built, join(root, filename));
  const bytes = readFileSync(built);
  return formatStanza(
    new Map([
      ...controlOf(description),
      ["Filename", filename],
      ["Size", String(bytes.length)],
      ["SHA256", hash("sha256", bytes)],
    ]),
  );
}

async function writeIndexes(dist: string, path: string, text: string, publication: Publication): Promise<string> {
  const plain = Buffer.from(text);
  const contents = { "": plain, ".gz": gzipSync(plain), ".xz": await xz.compress(plain) };
  const written = publication.compressions ?? (["", ".gz", ".xz"] as const);
  const folder = dirname(join(dist, path));
  mkdirSync(join(folder, "by-hash/SHA256"), { recursive: true });
  for (const compression of written) {
    const bytes = contents[compression];
    writeFileSync(join(dist, path + compression), bytes);
    if (publication.byHash !== false) writeFileSync(join(folder, "by-hash/SHA256", hash("sha256", bytes)), bytes);
  }
  // Like Debian's own: the plain file is listed even where only compressed ones are served.
  const listed = [...new Set(["" as const, ...written])];
  return listed.map((end) => `\n ${hash("sha256", contents[end])} ${contents[end].length} ${path}${end}`).join("");
}

function formatRelease(archive: ArchivePlace, content: SuiteContent, publication: Publication, sums: string): string {
  const fields: Record<string, string | undefined> = {
    Origin: "Test",
    Label: "Test",
    Suite: content.suite.replace(/^[^-]+/, "stable"),
    Codename: content.suite,
    Date: (publication.date ?? new Date()).toUTCString().replace("GMT", "UTC"),
    "Valid-Until": publication.validUntil?.toUTCString().replace("GMT", "UTC"),
    "Acquire-By-Hash": publication.byHash === false ? "no" : "yes",
    Architectures: `all ${archive.architecture}`,
    "No-Support-for-Architecture-all": "Packages",
    Components: "main",
    SHA256: sums,
    ...publication.release,
  };
  return formatStanza(
    new Map(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)),
  );
}

async function signRelease(release: string, archive: ArchivePlace, publication: Publication): Promise<string> {
  const { signature = "good", date = new Date() } = publication;
  if (signature === "none") return release;
  const keys = typeof signature === "string" ? [archive.key] : signature;
  const signed = await clearsign(release, keys, date);
  return signature === "altered" ? signed.replace("Origin: Test", "Origin: Tost") : signed;
}
