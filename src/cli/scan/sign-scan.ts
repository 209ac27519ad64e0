import type { ScanVerdict } from "../../evidence/scan/fail-on.ts";
import type { ScanResult } from "../../evidence/scan/finding.ts";
import type { Signer } from "../../evidence/keys/signer.ts";
import type { Context } from "../../ground/context.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Project } from "../../project/definition.ts";
import type { FoundImage } from "./find-scanned-image.ts";
import type { ScanOptions } from "./scan-options.ts";

/** What became of the scan's statement: attached, or why not. */
export type SignedScan = { readonly manifest?: Digest; readonly note?: string };

/** The key that will sign, or why nothing will. */
export type Scanner = { readonly signer: Signer } | { readonly note?: string };

/** Before the work: a wrong passphrase shall not cost a scan its report. */
export async function openScanner(
  ctx: Context,
  { found, project }: { found: FoundImage; project: Project | undefined },
  options: ScanOptions,
): Promise<Scanner> {
  if (!options.sign) return {};
  if (!found.isInStore)
    return { note: "not signed: the image is not in the store; next: ingot copy IMAGE NAME, and scan that" };
  const { openSigner } = await import("../../evidence/keys/signer.ts");
  const signer = await openSigner(ctx, "scanner", options);
  if (signer === undefined) return { note: "not signed: there is no key for it; next: ingot key generate scanner" };
  const { warnUntrusted } = await import("../warn-untrusted.ts");
  warnUntrusted(ctx, signer.key, project?.trust ?? {});
  return { signer };
}

type Scanned = {
  readonly scanner: Scanner;
  readonly found: FoundImage;
  readonly result: ScanResult;
  readonly verdict: ScanVerdict;
  readonly started: Date;
};

/** Signs the result and attaches it to the image, or says why not. */
export async function signScan(
  ctx: Context,
  { scanner, found, result, verdict, started }: Scanned,
): Promise<SignedScan> {
  if (!("signer" in scanner)) return scanner;
  const { makeScanStatement } = await import("../../evidence/scan/scan-statement.ts");
  const said = makeScanStatement(ctx, { result, started, verdict });
  if ("gap" in said) return { note: `not signed: ${said.gap}` };
  const { signer } = scanner;
  const { attest } = await import("../../evidence/statement/attest.ts");
  const { manifest } = await attest(
    ctx,
    { layout: found.layout, image: found.image, ...(found.name === undefined ? {} : { name: found.name }) },
    { ...said, signer },
  );
  return { manifest };
}
