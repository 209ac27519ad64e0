import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "../../src/ground/run-command.ts";

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
  /** The bytes of the .deb instead of a built one, for what dpkg-deb would never make. */
  readonly bytes?: Uint8Array;
};

export type DebFile =
  | string
  | { readonly content: string | Uint8Array; readonly mode?: number }
  /** A copy of a file of the host; it must not change while the archives that were built from it are kept. */
  | { readonly copyOf: string; readonly mode?: number }
  | { readonly link: string }
  | { readonly folder: true; readonly mode?: number };

/**
 * Builds a real .deb with dpkg-deb; the same description gives the same bytes, and is built once for a folder.
 * Returns its path.
 */
export async function buildDeb(description: DebDescription, folder: string): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify(description)).digest("hex").slice(0, 16);
  const { name, version, architecture = "all" } = description;
  const path = join(folder, `${name}_${version.replace(/^\d+:/, "")}_${architecture}_${key}.deb`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  if (description.bytes !== undefined) {
    writeFileSync(path, description.bytes);
    return path;
  }
  const tree = mkdtempSync(join(tmpdir(), "build-deb-"));
  try {
    chmodSync(tree, 0o755);
    writeTree(description, tree);
    await runCommand("dpkg-deb", ["--root-owner-group", "-z1", "--build", tree, path], {
      env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000" },
      package: "dpkg",
    });
  } finally {
    rmSync(tree, { recursive: true });
  }
  return path;
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
