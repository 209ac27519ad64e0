import type { OperatingSystem } from "./inventory.ts";

/** Reads os-release(5). */
export function readOsRelease(text: string): OperatingSystem {
  const lines = text.split("\n").map((line) => /^([A-Z0-9_]+)=(.*?)\s*$/.exec(line.trim()));
  const values = new Map(lines.map((match) => [match?.[1], unquote(match?.[2] ?? "")]));
  return {
    // The standard's own default, for a file that does not say.
    id: values.get("ID") ?? "linux",
    versionId: values.get("VERSION_ID") ?? "",
    codename: values.get("VERSION_CODENAME") ?? "",
    prettyName: values.get("PRETTY_NAME") ?? values.get("NAME") ?? "Linux",
  };
}

/** Shell quoting, as far as the standard allows it: no expansion. */
function unquote(value: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(value) ?? [];
  return single ?? (double ?? value).replace(/\\([\\"$`])/g, "$1");
}
