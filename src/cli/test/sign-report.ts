import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { statementKinds } from "../../evidence/evidence.ts";
import type { Signer } from "../../evidence/keys/signer.ts";
import { attest } from "../../evidence/statement/attest.ts";
import { testPredicate } from "../../evidence/tests/test-predicate.ts";
import type { TestReport } from "../../evidence/tests/test-result.ts";
import type { Context } from "../../ground/context.ts";
import { openStore } from "../../oci/layout.ts";

/** What was signed about one image; `manifest` is the statement's own digest. */
export type SignedResult = { readonly result: "PASSED" | "FAILED"; readonly manifest: string; readonly keyId: string };

/** SHA-256 of ingot.yaml, in hexadecimal: read before the tests, since a person may write the next one while they run. */
export function digestOfDefinition(path: string): string {
  return hash("sha256", readFileSync(path), "hex");
}

/** The tester's word on an image, good or bad; undefined where checks were not carried out and none failed. */
export async function signReport(
  ctx: Context,
  report: TestReport,
  { signer, definition }: { readonly signer: Signer; readonly definition: string },
): Promise<SignedResult | undefined> {
  const predicate = testPredicate(report.checks, { sha256: definition, finished: ctx.now() });
  if (predicate === undefined) return undefined;
  const layout = openStore(ctx);
  const image = layout.resolveReference(report.image);
  const about = { layout, image, ...(report.name === undefined ? {} : { name: report.name }) };
  const { manifest } = await attest(ctx, about, {
    predicateType: statementKinds.tests.predicateType,
    predicate,
    signer,
  });
  return { result: predicate.result, manifest, keyId: signer.key.id };
}
