/** A valid OpenVEX document of one statement, with what a test wants otherwise; `undefined` leaves a member out. */
export function makeVex(statement: object = {}, more: object = {}): object {
  const document = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.org/vex/1",
    author: "Ana",
    timestamp: "2026-11-01T00:00:00Z",
    version: 1,
    statements: [{ ...plainStatement, ...statement }],
    ...more,
  };
  // As a file has it: what is undefined is not there.
  return JSON.parse(JSON.stringify(document)) as object;
}

export const plainStatement = {
  vulnerability: { name: "CVE-2024-1000" },
  products: [{ "@id": "pkg:deb/debian/openssl" }],
  status: "not_affected",
  justification: "vulnerable_code_not_present",
  expires: "2027-01-31",
};
