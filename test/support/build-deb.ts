import { createHash, hash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";
import { sharedFolder } from "./test-cache.ts";

/** What a test package holds. Further control fields (`Depends`, `Provides`, `Multi-Arch` …) go into `fields`. */
export type DebDescription = {
  readonly name: string;
  readonly version: string;
  /** `all` by default. */
  readonly architecture?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Path below the root, without a leading slash, to content, or to a link or folder. */
  readonly files?: Readonly<Record<string, DebFile>>;
  /** `preinst`, `postinst`, `prerm`, `postrm`, `config`, `triggers`, `templates` … */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Absolute paths. */
  readonly conffiles?: readonly string[];
  /** xz by default, as Debian's own. */
  readonly compression?: "gzip";
  /** Built once for all test files of this machine: it is large, and all of them have it. */
  readonly isShared?: boolean;
  /** The bytes of the .deb instead of a built one, for what dpkg-deb would never make. */
  readonly bytes?: Uint8Array;
};

export type DebFile =
  | string
  | { readonly content: string | Uint8Array; readonly mode?: number }
  /** A copy of a file of the host. */
  | { readonly copyOf: string; readonly mode?: number }
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: number };

/**
 * Builds a real .deb with dpkg-deb; the same description gives the same bytes, and is built once for a folder.
 * Returns its path.
 */
export async function buildDeb(description: DebDescription, folder: string): Promise<string> {
  const place = description.isShared ? sharedFolder("debs") : folder;
  const { name, version, architecture = "all" } = description;
  const path = join(place, `${name}_${version.replace(/^\d+:/, "")}_${architecture}_${keyOf(description)}.deb`);
  if (isWhole(path)) return path;
  mkdirSync(place, { recursive: true });
  const work = mkdtempSync(join(place, ".build-deb-"));
  try {
    await writeDeb(description, work);
    // The sum comes last: a file without it was never finished. Two who build at once write the same bytes.
    writeFileSync(join(work, "sum"), hash("sha256", readFileSync(join(work, "deb")), "hex"));
    renameSync(join(work, "deb"), path);
    renameSync(join(work, "sum"), `${path}.sha256`);
  } finally {
    rmSync(work, { recursive: true });
  }
  return path;
}

/** Files of the host by their content: an update of the host must not leave an old package in use. */
function keyOf(description: DebDescription): string {
  const key = createHash("sha256").update(JSON.stringify(description));
  for (const file of Object.values(description.files ?? {}))
    if (typeof file !== "string" && "copyOf" in file) key.update(readFileSync(file.copyOf));
  return key.digest("hex").slice(0, 16);
}

function isWhole(path: string): boolean {
  if (!existsSync(`${path}.sha256`) || !existsSync(path)) return false;
  return readFileSync(`${path}.sha256`, "utf8") === hash("sha256", readFileSync(path), "hex");
}

async function writeDeb(description: DebDescription, work: string): Promise<void> {
  const deb = join(work, "deb");
  if (description.bytes !== undefined) return writeFileSync(deb, description.bytes);
  const tree = join(work, "tree");
  mkdirSync(tree);
  chmodSync(tree, 0o755);
  writeTree(description, tree);
  const compression = `-Z${description.compression ?? "xz"}`;
  await runCommand("dpkg-deb", ["--root-owner-group", compression, "-z1", "--build", tree, deb], {
    env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000" },
    package: "dpkg",
  });
}

/** The fields of its control file, in dpkg's order. */
export function controlOf(description: DebDescription): ReadonlyMap<string, string> {
  const { name, version, architecture = "all", fields = {} } = description;
  return new Map([
    ["Package", name],
    ["Version", version],
    ["Architecture", architecture],
    ["Maintainer", "Test <test@debian.test>"],
    ["Section", "misc"],
    ["Priority", "optional"],
    ...Object.entries(fields),
    ["Description", fields.Description ?? `test package ${name}`],
  ]);
}

export function formatStanza(fields: ReadonlyMap<string, string>): string {
  return [...fields]
    .map(([name, value]) => (value.startsWith("\n") ? `${name}:${value}\n` : `${name}: ${value}\n`))
    .join("");
}

function writeTree(description: DebDescription, tree: string): void {
  const control = join(tree, "DEBIAN");
  mkdirSync(control, { mode: 0o755 });
  writeFileSync(join(control, "control"), formatStanza(controlOf(description)));
  for (const [name, content] of Object.entries(description.scripts ?? {})) {
    const mode = /^(preinst|postinst|prerm|postrm|config)$/.test(name) ? 0o755 : 0o644;
    writeFileSync(join(control, name), content, { mode });
    chmodSync(join(control, name), mode);
  }
  if (description.conffiles)
    writeFileSync(join(control, "conffiles"), description.conffiles.map((path) => `${path}\n`).join(""));
  for (const [path, file] of Object.entries(description.files ?? {})) writeEntry(join(tree, path), file);
}

function writeEntry(path: string, file: DebFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (typeof file === "string") return writeEntry(path, { content: file });
  if ("link" in file) return symlinkSync(file.link, path);
  if ("folder" in file) mkdirSync(path, { recursive: true });
  else if ("copyOf" in file) copyFileSync(file.copyOf, path);
  else writeFileSync(path, file.content);
  chmodSync(path, file.mode ?? ("folder" in file ? 0o755 : 0o644));
}
