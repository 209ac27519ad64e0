import type { ScanResult } from "../../evidence/scan/finding.ts";
import type { SentError } from "../../runtime/helper/resident-messages.ts";
import type { Digest } from "../../oci/digest.ts";

/** To the process that scans: one image, and which statements about it count, as the record has it at this moment. */
export type ScanOrder = {
  readonly home: string;
  /** ISO 8601: by the controller's clock. */
  readonly now: string;
  readonly image: Digest;
  /** As exceptions call it: the repository. */
  readonly name: string;
  /** Whose statements it may read. `pem`: SPKI. */
  readonly keys: readonly { readonly id: string; readonly pem: string }[];
  /** Manifests of exceptions that are attached to the image and count, in the order in which they came. */
  readonly exceptions: readonly Digest[];
  /** Manifest of the newest scan by another scanner that counts: what it excepted was excepted by somebody who may. */
  readonly former?: Digest;
  /** Manifest of the newest scan of all, where it is young enough to stand for one that says the same. */
  readonly newest?: Digest;
};

export type Scanned = {
  readonly result: ScanResult;
  /** The newest scan knew the same and found the same. */
  readonly isSame: boolean;
};

/** From it. */
export type ScanAnswer =
  | { readonly kind: "done"; readonly scanned: Scanned }
  | { readonly kind: "failed"; readonly error: SentError };
