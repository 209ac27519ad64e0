import { IngotError } from "../../ground/error.ts";
import { present } from "../../ground/present.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { listReferrers } from "../../oci/referrers.ts";
import { statementKinds, type TrustedKey } from "../evidence.ts";
import { readEvidence } from "../statement/read-evidence.ts";
import { parseBundle } from "../statement/bundle-schema.ts";
import { readStatement } from "../statement/statement.ts";
import { isOurs, readProvenance, type BuildRecipe } from "./read-provenance.ts";

export type FoundProvenance = {
  /** Of the statement's manifest. */
  readonly manifest: Digest;
  readonly recipe: BuildRecipe;
  /** Whose signature was checked; absent where none was. */
  readonly key?: TrustedKey;
};

/** How an image was built, by the newest statement of a trusted builder. Throws `provenance-missing`, `provenance-untrusted`, `provenance-unusable`. */
export function findProvenance(layout: Layout, image: Digest, trusted: readonly TrustedKey[]): FoundProvenance {
  const items = readEvidence(layout, image, trusted).filter(({ kind }) => kind === "provenance");
  const checked = items.flatMap((item) => (item.status === "checked" ? [item] : []));
  if (checked.length > 0) {
    return newest(checked.map(({ manifest, statement, key }) => ({ manifest, predicate: statement.predicate, key })));
  }
  if (items.length === 0) throw missing(image);
  throw new IngotError(
    "provenance-untrusted",
    `how ${image} was built is said by nobody who is trusted as its builder`,
    {
      hint: "name the builder's public key under `trust:` in ingot.yaml, or give --key FILE=builder",
      details: items
        .flatMap((item) => (item.status === "checked" ? [] : [`${item.manifest}: ${item.reason}`]))
        .slice(0, 10),
    },
  );
}

/** The same by anyone's word: for a person who asked for it in so many words. No signature is looked at. */
export function findClaimedProvenance(layout: Layout, image: Digest): FoundProvenance {
  const { predicateType } = statementKinds.provenance;
  const claims = listReferrers(layout, image).flatMap(({ descriptor }) => {
    const [bundle] = parseImageManifest(layout.readBlob(descriptor.digest)).layers;
    const payload = bundle === undefined ? undefined : readPayload(layout, bundle.digest);
    const read = payload === undefined ? undefined : readStatement(payload, image);
    if (read === undefined || "reason" in read || read.statement.predicateType !== predicateType) return [];
    return [{ manifest: descriptor.digest, predicate: read.statement.predicate }];
  });
  if (claims.length === 0) throw missing(image);
  return newest(claims);
}

type Claim = { readonly manifest: Digest; readonly predicate: unknown; readonly key?: TrustedKey };

/** Statements of other builders may be there too: they are passed over where one is ours. One of ours that cannot be read is an error. */
function newest(claims: readonly Claim[]): FoundProvenance {
  const ours = claims.filter(({ predicate }) => isOurs(predicate));
  const found = (ours.length > 0 ? ours : claims).map(({ predicate, ...rest }) => ({
    ...rest,
    recipe: readProvenance(predicate),
  }));
  const sorted = found.toSorted((a, b) => Date.parse(b.recipe.finishedOn) - Date.parse(a.recipe.finishedOn));
  return present(sorted[0], "the newest provenance");
}

/** As many bytes as are read of a statement whose signature counts. */
const mostBytes = 64 << 20;

function readPayload(layout: Layout, bundle: Digest): Buffer | undefined {
  if ((layout.blobSize(bundle) ?? Infinity) > mostBytes) return undefined;
  try {
    const { dsseEnvelope } = parseBundle(layout.readBlob(bundle)) as { dsseEnvelope?: { payload?: unknown } };
    return typeof dsseEnvelope?.payload === "string" ? Buffer.from(dsseEnvelope.payload, "base64") : undefined;
  } catch (error) {
    // Something else that is attached, or damaged: it claims nothing.
    if (error instanceof TypeError || error instanceof IngotError) return undefined;
    throw error;
  }
}

function missing(image: Digest): IngotError {
  return new IngotError("provenance-missing", `nothing that is attached to ${image} says how it was built`, {
    hint: "ingot build signs it where there is a builder's key (ingot key generate builder); ingot pull brings it along",
  });
}
