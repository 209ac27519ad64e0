import { isDeepStrictEqual } from "node:util";
import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import { statementKinds, type EvidenceItem, type StatementKind } from "../evidence.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import type { Signer } from "../keys/signer.ts";
import { makeCycloneDx } from "../sbom/cyclonedx.ts";
import { makeSpdx } from "../sbom/spdx.ts";
import { attest, type AttestedImage } from "../statement/attest.ts";
import { readEvidence } from "../statement/read-evidence.ts";
import { withoutRun, type Provenance } from "./provenance.ts";

export type AttachedStatement = { readonly kind: StatementKind; readonly manifest: Digest };

export type BuildStatements = { readonly provenance: Provenance; readonly signer: Signer };

/** The order in which they are attached: each is attached only after all that it stands for. */
const kinds = ["cyclonedx", "spdx", "provenance", "signature"] as const;
type Kind = (typeof kinds)[number];

/**
 * Signs and attaches what a builder says of an image: what is in it, how it was built, and that it is the builder's. What the same key has said already, of a
 * build that differs in nothing but the run, is kept.
 */
export async function signStatements(
  ctx: Context,
  about: AttestedImage,
  { provenance, signer }: BuildStatements,
): Promise<readonly AttachedStatement[]> {
  const kept = findKept(readEvidence(about.layout, about.image.digest, [signer.key]), provenance);
  if (kept !== undefined) return kept;
  const inventory = await readInventory(ctx, { layout: about.layout, digest: about.image.digest });
  const predicates: Readonly<Record<Kind, unknown>> = {
    cyclonedx: makeCycloneDx(inventory),
    spdx: makeSpdx(inventory),
    provenance,
    // The statement itself is what is said (cosign signs the same).
    signature: {},
  };
  const attached: AttachedStatement[] = [];
  for (const kind of kinds) {
    const { predicateType } = statementKinds[kind];
    const { manifest } = await attest(ctx, about, { predicateType, predicate: predicates[kind], signer });
    attached.push({ kind, manifest });
  }
  return attached;
}

/** All four, where the provenance that is attached says the same: it was attached after the bills of materials, by the same release of Ingot. */
function findKept(items: readonly EvidenceItem[], provenance: Provenance): readonly AttachedStatement[] | undefined {
  const checked = items.filter((item) => item.status === "checked");
  const found = kinds.flatMap((kind) => {
    const item = checked.find(
      (one) => one.kind === kind && (kind !== "provenance" || isSameBuild(one.statement.predicate, provenance)),
    );
    return item === undefined ? [] : [{ kind, manifest: item.manifest }];
  });
  return found.length === kinds.length ? found : undefined;
}

/** The key is our own, but its holder may have attested anything with it. */
function isSameBuild(predicate: unknown, provenance: Provenance): boolean {
  if (typeof predicate !== "object" || predicate === null) return false;
  const ours: unknown = JSON.parse(JSON.stringify(withoutRun(provenance)));
  return isDeepStrictEqual(withoutRun(predicate), ours);
}
