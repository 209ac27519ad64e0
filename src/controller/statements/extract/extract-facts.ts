import type { StatementKind } from "../../../evidence/evidence.ts";
import { reasonAgainst } from "../../../evidence/verify/reason-against.ts";
import type { StatementFacts } from "../../events/statement-events.ts";
import { extractProvenance } from "./provenance.ts";
import { extractScan } from "./scan.ts";
import { extractTests } from "./tests.ts";
import { clip } from "./view.ts";

export type Extracted = {
  readonly kind: Exclude<StatementKind, "approval" | "cyclonedx" | "spdx"> | "other";
  readonly predicate: unknown;
  /** When it came in, seconds since 1970. */
  readonly received: number;
};

/** What policies ask of a statement; or why it does not count. Approvals and bills of materials are held against the state as well, and have their own ways. */
export function extractFacts({ kind, predicate, received }: Extracted): StatementFacts | { readonly reason: string } {
  switch (kind) {
    case "scan":
      return extractScan(predicate);
    case "tests":
      return extractTests(predicate, received);
    case "provenance":
      return extractProvenance(predicate);
    // Exceptions count through the scan that applied them: it says which findings they take out.
    case "vex":
    case "signature":
    case "rebuild":
    case "verdict":
    case "other": {
      const no = reasonAgainst({ kind, statement: { predicate } });
      return no === undefined ? { kind: "none" } : { kind: "none", no: clip(no, 200) };
    }
  }
}
