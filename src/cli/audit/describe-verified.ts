import { plural } from "../release/plural.ts";
import { listSection } from "../list-section.ts";
import { describeLogFinding, describeStateFinding, type VerifiedHome, type VerifiedLog } from "./verify-home.ts";

/** What `ingot audit verify` says to a person. `witnesses`: the vkeys that were asked for. */
export function describeVerified(
  { logs, state, isGood }: VerifiedHome,
  { witnesses = [] }: { readonly witnesses?: readonly string[] } = {},
): string {
  const own = logs.filter(({ isOwnKey }) => isOwnKey).map(({ name }) => name);
  return [
    ...logs.flatMap((log) => describeLog(log, log.name === "events" ? witnesses : [])),
    ...describeState(state),
    "",
    isGood
      ? "everything is as it was signed"
      : "NOT as it was signed: compare with a copy, and with what the witnesses saw",
    ...(own.length === 0
      ? []
      : [
          `the ${own.length === 1 ? "key" : "keys"} of ${own.join(" and ")} ${own.length === 1 ? "is" : "are"} from the folder itself: an auditor gives --key with what was noted elsewhere`,
        ]),
  ].join("\n");
}

function describeState(state: VerifiedHome["state"]): readonly string[] {
  if (state === undefined)
    return ["state       not compared: the events that it follows from are not as they were signed"];
  const { size, rows, behind, findings } = state;
  const newer = behind === 0 ? "" : `; ${plural(behind, "newer event")} follow at the next start`;
  return [
    `state       ${plural(size, "event")} folded, ${plural(rows, "row")} compared${newer}: ${standing(findings)}`,
    ...listSection("  wrong", findings, (shown) => shown.map((one) => `  ${describeStateFinding(one)}`)),
  ];
}

function describeLog({ name, found, verifierKey }: VerifiedLog, witnesses: readonly string[]): readonly string[] {
  const { checkpoint, entries, files, findings, leftovers } = found;
  const head =
    checkpoint === undefined
      ? "no checkpoint that can be read"
      : `${plural(checkpoint.size, "entry", "entries")}, root ${checkpoint.root.toString("base64")}`;
  return [
    `${name.padEnd(10)}  ${head}`,
    `            key ${verifierKey}`,
    `            ${plural(entries, "entry", "entries")} and ${plural(files, "file")} read: ${standing(findings)}`,
    ...(witnesses.length === 0 || findings.length > 0
      ? []
      : [`            cosigned by ${witnesses.map((vkey) => vkey.split("+")[0]).join(", ")}`]),
    ...listSection("  wrong", findings, (shown) => shown.map((one) => `  ${describeLogFinding(one)}`)),
    ...listSection("  left by a crash, and without meaning", leftovers, (shown) => shown.map((file) => `  ${file}`)),
  ];
}

function standing(findings: readonly unknown[]): string {
  return findings.length === 0 ? "good" : `WRONG in ${plural(findings.length, "place")}`;
}
