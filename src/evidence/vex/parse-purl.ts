/** A package URL taken apart (purl specification): `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH`. */
export type Purl = {
  readonly type: string;
  /** Without slashes at its ends; "" where there is none. */
  readonly namespace: string;
  readonly name: string;
  readonly version?: string;
  readonly qualifiers: ReadonlyMap<string, string>;
};

/** Undefined for what is no package URL. */
export function parsePurl(text: string): Purl | undefined {
  const [beforeSubpath = ""] = text.split("#");
  const [path = "", query = ""] = splitOnce(beforeSubpath, "?");
  const [, type, rest] = /^pkg:\/*([A-Za-z][A-Za-z0-9.+-]*)\/+(.+)$/.exec(path) ?? [];
  if (type === undefined || rest === undefined) return undefined;
  // A name of npm may begin with an unescaped @: only one that follows a name parts it from its version.
  const at = rest.lastIndexOf("@");
  const hasVersion = at > rest.lastIndexOf("/") + 1;
  const names = (hasVersion ? rest.slice(0, at) : rest).split("/").filter((part) => part !== "");
  const decoded = names.map(decode);
  const version = hasVersion ? decode(rest.slice(at + 1)) : undefined;
  // `name@`: whoever left the version out by mistake did not mean every version.
  if (version === "") return undefined;
  return {
    type: type.toLowerCase(),
    namespace: decoded.slice(0, -1).join("/"),
    name: decoded.at(-1) ?? "",
    ...(version === undefined ? {} : { version }),
    qualifiers: new Map(query.split("&").flatMap(parseQualifier)),
  };
}

function parseQualifier(text: string): [string, string][] {
  const [key = "", value = ""] = splitOnce(text, "=");
  return key === "" || value === "" ? [] : [[key.toLowerCase(), decode(value)]];
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is no escape: a person wrote the text as it is.
    return text;
  }
}
