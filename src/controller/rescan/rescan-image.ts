import { makeScanStatement } from "../../evidence/scan/scan-statement.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Controller } from "../controller.ts";
import { attachScan } from "./attach-scan.ts";
import type { RunningImage } from "./list-running.ts";
import { makeOrder } from "./make-order.ts";
import { runScan, type ScanBounds } from "./run-scan.ts";

/** What came of scanning an image anew. `same`: the newest scan that counts is young and says just that. `incomplete`: it has a gap, and is not signed. */
export type Rescanned =
  | { readonly kind: "attached"; readonly manifest: Digest }
  | { readonly kind: "same" }
  | { readonly kind: "incomplete"; readonly gap: string };

/** Throws what the scan throws, and what attaching it throws. */
export async function rescanImage(
  controller: Controller,
  running: RunningImage,
  bounds: ScanBounds,
): Promise<Rescanned> {
  const started = controller.ledger.now();
  const { result, isSame } = await runScan(controller.ctx, makeOrder(controller, running), bounds);
  const said = makeScanStatement(controller.ctx, { result, started });
  if ("gap" in said) return { kind: "incomplete", gap: said.gap };
  if (isSame) return { kind: "same" };
  return { kind: "attached", manifest: await attachScan(controller, running, said) };
}
