import { plural } from "../release/plural.ts";
import { listSection } from "../list-section.ts";
import { describeLogFinding, describeStateFinding, type VerifiedHome, type VerifiedLog } from "./verify-home.ts";

/** What `ingot audit verify` says to a person. */
export function describeVerified({ logs, state, isGood }: VerifiedHome): string {
  return [
    ...logs.flatMap(describeLog),
    `state       ${plural(state.size, "event")} folded, ${plural(state.rows, "row")} compared${state.behind === 0 ? "" : `; ${state.behind} newer events are folded at the next start`}: ${standing(state.findings)}`,
    ...listSection("  wrong", state.findings, (shown) => shown.map((one) => `  ${describeStateFinding(one)}`)),
    "",
    isGood
      ? "everything is as it was signed"
      : "NOT as it was signed: compare with a copy, and with what the witnesses saw",
    ...logs
      .filter(({ isOwnKey }) => isOwnKey)
      .map(
        ({ name }) =>
          `the key of the ${name} is from the folder itself: an auditor gives --key with what was noted elsewhere`,
      ),
  ].join("\n");
}

function describeLog({ name, found, verifierKey }: VerifiedLog): readonly string[] {
  const { checkpoint, entries, files, findings, leftovers } = found;
  const head =
    checkpoint === undefined
      ? "no checkpoint that can be read"
      : `${plural(checkpoint.size, "entry", "entries")}, root ${checkpoint.root.toString("base64")}`;
  return [
    `${name.padEnd(10)}  ${head}`,
    `            key ${verifierKey}`,
    `            ${plural(entries, "entry", "entries")} and ${plural(files, "file")} read: ${standing(findings)}`,
    ...listSection("  wrong", findings, (shown) => shown.map((one) => `  ${describeLogFinding(one)}`)),
    ...listSection("  left by a crash, and without meaning", leftovers, (shown) => shown.map((file) => `  ${file}`)),
  ];
}

function standing(findings: readonly unknown[]): string {
  return findings.length === 0 ? "good" : `WRONG in ${plural(findings.length, "place")}`;
}
