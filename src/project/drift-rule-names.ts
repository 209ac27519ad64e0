/** The rules of the guard that an exception may name; a test holds them to those of `guard`. */
export const driftRuleNames = [
  "foreign-executable",
  "memfd-executable",
  "deleted-executable",
  "renamed-executable",
  "foreign-mapping",
  "dropped-program",
  "foreign-script",
  "entered-from-host",
  "mount-changed",
  "hardening-changed",
  "capability-regained",
  "namespace-changed",
  "content-changed",
  "sensor-blind",
] as const;
