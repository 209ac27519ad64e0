import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IngotError, isErrno } from "../../ground/error.ts";
import { parseControl, type Stanza } from "./control.ts";
import { parseSignedBy, type KeyringSource } from "./keyring-source.ts";

/**
 * One binary source of the host's apt: what one line or stanza says, after `Enabled` and `Types` are taken into
 * account.
 */
export type AptSource = {
  /** `http:`, `https:` or `file:`, without a trailing slash; tried in this order. */
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Empty: all. */
  readonly architectures: readonly string[];
  readonly signedBy?: KeyringSource;
  /** File and line, for messages. */
  readonly where: string;
};

/**
 * Reads what apt of this host reads (sources.list(5)): `/etc/apt/sources.list`, and `*.list` and `*.sources` in its
 * `sources.list.d`, below `root`. Source packages, disabled stanzas and transports other than http, https, file and
 * mirror+file are left out. Throws `sources-malformed` with file and line.
 */
export function readAptSources(root = "/"): readonly AptSource[] {
  const folder = join(root, "etc/apt/sources.list.d");
  const parts = globSync("*.{list,sources}", { cwd: folder }).toSorted();
  return [join(root, "etc/apt/sources.list"), ...parts.map((name) => join(folder, name))]
    .flatMap((path) => {
      const text = readText(path);
      const sources = path.endsWith(".sources") ? parseDeb822Sources(text, path) : parseOneLineSources(text, path);
      return sources.map((source) => ({
        ...source,
        uris: source.uris.flatMap((uri) => expandUri(uri, source.where, root)),
      }));
    })
    .filter((source) => source.uris.length > 0);
}

/** Parses the one-line style: `deb [option=value …] URI suite component…`. URIs are as written. */
export function parseOneLineSources(text: string, path: string): readonly AptSource[] {
  return text.split("\n").flatMap((line, index) => {
    const words = line.replace(/#.*/, "").trim();
    if (words === "") return [];
    return parseLine(words, `${path}:${index + 1}`);
  });
}

/** Parses the deb822 style of `*.sources`. URIs are as written. */
export function parseDeb822Sources(text: string, path: string): readonly AptSource[] {
  return readStanzas(text, path).flatMap((stanza) => {
    const where = `${path}:${stanza.line}`;
    if (isDisabled(stanza) || !wordsOf(stanza.get("Types")).includes("deb")) return [];
    const suites = wordsOf(stanza.get("Suites"));
    const uris = wordsOf(stanza.get("URIs"));
    if (uris.length === 0) throw malformed(where, "the field URIs is missing");
    if (suites.length === 0) throw malformed(where, "the field Suites is missing");
    const signedBy = stanza.get("Signed-By");
    return [
      {
        uris,
        suites,
        components: wordsOf(stanza.get("Components")),
        architectures: wordsOf(stanza.get("Architectures")),
        ...(signedBy === undefined ? {} : { signedBy: readSignedBy(signedBy, where) }),
        where,
      },
    ];
  });
}

const oneLine =
  /^(?<type>\S+)\s+(?:\[(?<options>[^\]]*)\]\s*)?(?<uri>cdrom:\[[^\]]*\]\S*|\S+)\s+(?<suite>\S+)(?<components>(?:\s+\S+)*)$/;

function parseLine(line: string, where: string): readonly AptSource[] {
  const found = oneLine.exec(line)?.groups;
  if (!found || (found.type !== "deb" && found.type !== "deb-src")) {
    throw malformed(where, `expected "deb [options] URI suite component", found ${JSON.stringify(line.slice(0, 80))}`);
  }
  if (found.type === "deb-src") return [];
  const options = new Map(wordsOf(found.options).map((option) => splitOption(option, where)));
  const signedBy = options.get("signed-by");
  return [
    {
      uris: [found.uri ?? ""],
      suites: [found.suite ?? ""],
      components: wordsOf(found.components),
      architectures: (options.get("arch") ?? "").split(",").filter((word) => word !== ""),
      ...(signedBy === undefined ? {} : { signedBy: readSignedBy(signedBy, where) }),
      where,
    },
  ];
}

function splitOption(option: string, where: string): [string, string] {
  const equals = option.indexOf("=");
  if (equals < 1) throw malformed(where, `expected option=value, found ${JSON.stringify(option)}`);
  return [option.slice(0, equals).replace(/[+-]$/, "").toLowerCase(), option.slice(equals + 1)];
}

function readStanzas(text: string, path: string): readonly Stanza[] {
  try {
    return parseControl(text, { where: path, comments: true });
  } catch (error) {
    if (error instanceof IngotError) throw new IngotError("sources-malformed", error.message, { cause: error });
    throw error;
  }
}

function isDisabled(stanza: Stanza): boolean {
  return ["no", "false", "0", "off", "without", "disable"].includes(stanza.get("Enabled")?.toLowerCase() ?? "yes");
}

function readSignedBy(value: string, where: string): KeyringSource {
  const source = parseSignedBy(value);
  if (!source)
    throw malformed(
      where,
      `Signed-By is neither a path, a fingerprint nor a key: ${JSON.stringify(value.slice(0, 80))}`,
    );
  return source;
}

/** Debian's cloud images name a file with a list of mirrors (apt-transport-mirror(1)): one URI a line, then options. */
function expandUri(uri: string, where: string, root: string): readonly string[] {
  if (/^(https?|file):/i.test(uri)) return [uri.replace(/\/+$/, "")];
  if (!uri.startsWith("mirror+file:")) return [];
  const path = join(root, uri.replace(/^mirror\+file:(\/\/)?/, ""));
  const lines = readText(path)
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim());
  const uris = lines.flatMap((line) => line.split(/\s+/).slice(0, 1)).filter((word) => word !== "");
  if (uris.length === 0) throw malformed(where, `the mirror list ${path} names no mirror`);
  return uris.flatMap((entry) => (entry.startsWith("mirror") ? [] : expandUri(entry, where, root)));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw new IngotError("sources-malformed", `${path} cannot be read`, { cause: error });
  }
}

function wordsOf(value: string | undefined): readonly string[] {
  return (value ?? "").split(/\s+/).filter((word) => word !== "");
}

function malformed(where: string, problem: string): IngotError {
  return new IngotError("sources-malformed", `${where}: ${problem}`, {
    hint: "mend that file, or name the mirror by INGOT_DEBIAN_MIRROR",
  });
}
