import { IngotError } from "../../ground/error.ts";

/** An OpenPGP cleartext-signed message (RFC 9580, section 7), taken apart. */
export type CleartextMessage = {
  /**
   * What the signature covers, and the only thing that may be parsed: lines divided by LF, without dash escapes and
   * trailing blanks.
   */
  readonly text: string;
  /** The armored signature block. */
  readonly signature: string;
};

const beginMessage = "-----BEGIN PGP SIGNED MESSAGE-----";
const beginSignature = "-----BEGIN PGP SIGNATURE-----";
const endSignature = "-----END PGP SIGNATURE-----";

/**
 * Splits an InRelease file. Strict on purpose, because whatever a lenient reader skips, an attacker can fill: exactly
 * one message from the first line to the last, nothing around it. Throws `archive-unsigned` when there is no signed
 * message, `archive-signature-bad` when there is more.
 */
export function parseCleartext(content: string, where: string): CleartextMessage {
  const lines = content.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
  if (!lines.includes(beginMessage)) throw unsigned(where);
  // C1. One block only. Attack: a genuine signed block beside a forged one, for a reader that verifies the one and
  // parses the other.
  for (const marker of [beginMessage, beginSignature, endSignature]) {
    if (lines.filter((line) => line === marker).length !== 1)
      throw malformed(where, `"${marker}" is not there exactly once`);
  }
  // C2. Nothing before and after the block. Attack: unsigned fields put around the signed ones.
  const last = lines.indexOf(endSignature);
  if (lines.indexOf(beginMessage) !== 0) throw malformed(where, "text stands before the signed message");
  if (lines.slice(last + 1).some((line) => line !== "")) throw malformed(where, "text stands after the signature");
  const middle = lines.indexOf(beginSignature);
  if (middle > last) throw malformed(where, "the signature ends before it begins");
  return { text: readText(lines.slice(1, middle), where), signature: lines.slice(middle, last + 1).join("\n") };
}

function readText(lines: readonly string[], where: string): string {
  const blank = lines.indexOf("");
  // C3. Only Hash headers before the blank line. Attack: fields hidden where they are not signed but look like part
  // of the message.
  const headers = lines.slice(0, Math.max(blank, 0));
  if (blank < 0 || !headers.every((line) => /^Hash: [A-Za-z0-9, -]+$/.test(line))) {
    throw malformed(where, "the message's armor headers are not Hash headers and a blank line");
  }
  return lines
    .slice(blank + 1)
    .map((line) => unescape(line, where))
    .join("\n");
}

/**
 * C4. A line beginning with a dash must be escaped. Attack: a line that one reader takes for a marker and another for
 * text.
 */
function unescape(line: string, where: string): string {
  if (line.startsWith("- ")) return line.slice(2);
  if (line.startsWith("-")) throw malformed(where, "a line begins with an unescaped dash");
  return line;
}

function unsigned(where: string): IngotError {
  return new IngotError("archive-unsigned", `${where} is not signed`, {
    hint: "use a mirror of a signed Debian archive; check its URL",
  });
}

function malformed(where: string, problem: string): IngotError {
  return new IngotError("archive-signature-bad", `${where} is no well-formed signed message: ${problem}`, {
    hint: "someone between the archive and this host changes its files: try another mirror",
  });
}
