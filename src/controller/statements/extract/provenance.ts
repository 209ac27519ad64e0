import type { StatementFacts } from "../../events/statement-events.ts";
import { clip, View } from "./view.ts";

/** An event has room for so many, and for so many bytes of addresses. */
const mostAuthors = 100;
const mostBytes = 24_000;
const mostBases = 200;

/** Of what an image was made, as far as policy asks: the commit, who wrote it, and the images that it stands on. Of any SLSA provenance v1, not only our own. */
export function extractProvenance(predicate: unknown): StatementFacts | { readonly reason: string } {
  const given = new View(predicate).at("buildDefinition", "resolvedDependencies");
  const inputs = given.isThere ? given.list : [];
  // Whoever is hidden in what is not read could approve their own image.
  if (inputs === undefined) return { reason: "what it was built from is no list, or one that is too long" };
  const commits = inputs.filter((input) => /^[0-9a-f]{40,64}$/.test(input.at("digest", "gitCommit").text ?? ""));
  const commit = commits[0]?.at("digest", "gitCommit").text;
  const authors = unique(commits.flatMap(addressesOf));
  const bases = unique(inputs.flatMap(baseOf));
  // The same, of who or what stands behind the last that fits.
  if (authors.length > mostAuthors || Buffer.byteLength(authors.join()) > mostBytes)
    return { reason: `it names ${authors.length} authors, more than the ${mostAuthors} that fit on the record` };
  if (bases.length > mostBases) return { reason: `it names ${bases.length} bases, more than ${mostBases}` };
  return {
    kind: "provenance",
    ...(commit === undefined ? {} : { commit }),
    authors,
    bases,
  };
}

/** Who wrote a commit and who committed it: docs/provenance.md, `annotations` of the dependency `git`. */
function addressesOf(commit: View): readonly string[] {
  return (commit.at("annotations", "authors").list ?? []).flatMap(({ text }) =>
    text === undefined || text === "" ? [] : [clip(text, 254)],
  );
}

function baseOf(input: View): readonly string[] {
  const kind = input.at("annotations", "kind").text;
  const sha256 = input.at("digest", "sha256").text ?? "";
  return (kind === "base-oci" || kind === "base-image") && /^[0-9a-f]{64}$/.test(sha256) ? [`sha256:${sha256}`] : [];
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
