/** The stable names of the lints, as `lints:` of an image may name them. A test keeps them equal to the lints of `evidence/lint`. */
export const lintNames = [
  "private-key",
  "token",
  "host-key",
  "machine-id",
  "unexpected-setuid",
  "unexpected-capabilities",
  "world-writable",
  "service-writable",
  "dangling-link",
  "shell",
  "package-manager",
  "undeclared-port",
  "unexplained-content",
] as const;
export type LintName = (typeof lintNames)[number];
