/** Debian's releases by number: OSV and `VERSION_ID` name them so, the tracker and the archive by name. */
export const releaseNames: ReadonlyMap<string, string> = new Map([
  ["7", "wheezy"],
  ["8", "jessie"],
  ["9", "stretch"],
  ["10", "buster"],
  ["11", "bullseye"],
  ["12", "bookworm"],
  ["13", "trixie"],
  ["14", "forky"],
  ["15", "duke"],
]);
