import type { Finding, ScanResult } from "../../evidence/scan/finding.ts";
import { isSuppressed } from "../../evidence/scan/suppressed.ts";
import { isExpired } from "../../evidence/vex/statement.ts";

/**
 * Takes over what a former scan excepted: exceptions are written beside ingot.yaml more often than they are attached to the image, and the scanner that applied them is one whose word counts. Each holds for its finding
 * in its version of the package, and to its end; one that never ends does not hold here.
 */
export function holdExceptions(
  result: ScanResult,
  { former, now }: { readonly former: readonly Finding[]; readonly now: Date },
): ScanResult {
  const held = new Map(former.filter((one) => holds(one, now)).map((one) => [nameOf(one), one.exception]));
  const findings = result.findings.map((finding) => {
    const exception = finding.exception === undefined ? held.get(nameOf(finding)) : undefined;
    return exception === undefined ? finding : { ...finding, exception };
  });
  return { ...result, findings: [...findings.filter((one) => !isSuppressed(one)), ...findings.filter(isSuppressed)] };
}

function holds(finding: Finding, now: Date): boolean {
  const expires = finding.exception?.expires;
  return expires !== undefined && isSuppressed(finding) && !isExpired(expires, now);
}

function nameOf({ id, package: { ecosystem, name, version } }: Finding): string {
  return JSON.stringify([id, ecosystem, name, version]);
}
