import { commands } from "./commands.ts";

/** What `ingot --help` prints: every command in its group, without loading any. */
export function helpText(): string {
  const width = Math.max(...commands.map((entry) => entry.name.length)) + 2;
  const groups = [...new Set(commands.map((entry) => entry.group))].map((group) => {
    const lines = commands
      .filter((entry) => entry.group === group)
      .map((entry) => `  ${entry.name.padEnd(width)}${entry.summary}`);
    return `${group.charAt(0).toUpperCase()}${group.slice(1)}:\n${lines.join("\n")}\n`;
  });
  return `Ingot casts golden images from signed packages and runs them as instances that cannot be changed.

Usage: ingot COMMAND [OPTIONS]

${groups.join("\n")}
Every command has --help, --json (one object on stdout) and --quiet. Results go to stdout, everything else to stderr.
Exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy, 4 drift or verification failure found, 130 stopped by a signal.
Environment: INGOT_HOME (where all state lives), INGOT_DEBIAN_MIRROR (an archive other than the host's), INGOT_KEY_PASSPHRASE or
INGOT_KEY_PASSPHRASE_FILE (opens signing keys), INGOT_URL and INGOT_TOKEN (a controller, without a login), NO_COLOR, INGOT_DEBUG (stack traces).
`;
}
