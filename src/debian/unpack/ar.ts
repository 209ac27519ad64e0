import { IngotError } from "../../ground/error.ts";

/** The members of a Unix ar archive (deb(5)) in their order; contents are views. `where` names the file in errors: `deb-malformed`. */
export function readAr(archive: Buffer, where: string): ReadonlyMap<string, Buffer> {
  if (archive.toString("latin1", 0, magic.length) !== magic) throw debMalformed(where, "it is not an ar archive");
  const members = new Map<string, Buffer>();
  for (let offset = magic.length; offset < archive.length;) {
    const header = archive.toString("latin1", offset, offset + headerSize);
    if (header.length < headerSize || !header.endsWith("`\n"))
      throw debMalformed(where, `a bad header at byte ${offset}`);
    const name = header.slice(0, 16).trimEnd().replace(/\/$/, "");
    const digits = header.slice(48, 58).trimEnd();
    const start = offset + headerSize;
    if (!/^[0-9]+$/.test(digits) || start + Number(digits) > archive.length) {
      throw debMalformed(where, `the member ${name} is cut off`);
    }
    // Two members of one name let two readers of the same signed file see different things.
    if (members.has(name)) throw debMalformed(where, `the member ${name} is there twice`);
    members.set(name, archive.subarray(start, start + Number(digits)));
    offset = start + Number(digits) + (Number(digits) % 2);
  }
  return members;
}

export function debMalformed(where: string, problem: string, cause?: unknown): IngotError {
  return new IngotError("deb-malformed", `the Debian archive ${where} is malformed: ${problem}`, {
    hint: "run the command again with --no-cache; if it stays so, the mirror serves a broken package",
    cause,
  });
}

const magic = "!<arch>\n";
const headerSize = 60;
