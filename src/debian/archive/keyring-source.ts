/** Where the public keys come from that an archive's signature must be by. */
export type KeyringSource = (
  | { readonly kind: "files"; readonly files: readonly string[] }
  /** Armored keys written into a `*.sources` file. */
  | { readonly kind: "embedded"; readonly armored: string }
  /** What the host trusts for Debian: its archive keyring, or else apt's own trusted keys. */
  | { readonly kind: "host" }
) & {
  /** When not empty, only these keys count: upper-case hex fingerprints of primary keys or signing subkeys. */
  readonly fingerprints: readonly string[];
};

export const hostKeyring: KeyringSource = { kind: "host", fingerprints: [] };

/**
 * Parses the value of `Signed-By` (sources.list(5)): an embedded key, or paths and fingerprints divided by commas or
 * blanks. A fingerprint may end in `!`. Undefined where the value is none of these.
 */
export function parseSignedBy(value: string): KeyringSource | undefined {
  if (value.includes("-----BEGIN PGP")) return { kind: "embedded", armored: unfold(value), fingerprints: [] };
  const words = value.split(/[\s,]+/).filter((word) => word !== "");
  const files = words.filter((word) => word.startsWith("/"));
  const fingerprints = words
    .filter((word) => !word.startsWith("/"))
    .map((word) => word.replace(/!$/, "").toUpperCase());
  if (words.length === 0 || !fingerprints.every((word) => /^[0-9A-F]{40}$/.test(word))) return undefined;
  return files.length > 0 ? { kind: "files", files, fingerprints } : { kind: "host", fingerprints };
}

/** Takes off what deb822 puts before continuation lines: a blank, and a dot for an empty line. */
function unfold(value: string): string {
  const lines = value.split("\n").map((line) => line.trim());
  return lines
    .map((line) => (line === "." ? "" : line))
    .join("\n")
    .trim();
}
