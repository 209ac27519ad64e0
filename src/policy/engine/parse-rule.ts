import type { DetailedError } from "@cedar-policy/cedar-wasm/nodejs";
import { printable } from "../explain/printable.ts";
import type { PolicyFinding } from "../finding.ts";
import type { PolicyFile } from "../policy.ts";
import { CedarEnded, type CedarHost } from "./cedar.ts";
import type { Rule } from "./compiled.ts";
import type { PolicyStatement } from "./policy-text.ts";
import { fromByteOffset, placeAt } from "./text-place.ts";

export type ParsedRule = {
  readonly rule: Rule;
  readonly file: PolicyFile;
  readonly statement: PolicyStatement;
};

/** One rule, or everything that Cedar has against its syntax. `position`: from 1, among the rules of its file. */
export function parseRule(
  host: CedarHost,
  file: PolicyFile,
  { statement, position }: { readonly statement: PolicyStatement; readonly position: number },
): ParsedRule | readonly PolicyFinding[] {
  const { text } = statement;
  try {
    const answer = host.use((cedar) => cedar.policyToJson(text));
    if (answer.type === "failure") return answer.errors.flatMap((error) => toFindings(error, { file, statement }));
    const { effect, annotations = {} } = answer.json;
    const name = printable(annotations.id ?? `${file.name} rule ${position}`);
    const scope = file.scope ?? "environment";
    const place = placeAt(file.text, statement.start);
    const { json } = answer;
    return { rule: { name, effect, file: file.name, ...place, scope, text, json, annotations }, file, statement };
  } catch (error) {
    if (!(error instanceof CedarEnded)) throw error;
    return [findingAt({ file, statement }, 0, "the rule is nested too deeply; write several rules")];
  }
}

export type RulePlace = { readonly file: PolicyFile; readonly statement: PolicyStatement };

/** What Cedar says, with each place that it says it of. */
export function toFindings(error: DetailedError, place: RulePlace): readonly PolicyFinding[] {
  const message = withoutPreface(error.message);
  const places = error.sourceLocations ?? [];
  const first = places[0];
  const expected = first?.label ?? error.help ?? undefined;
  const at = fromByteOffset(place.statement.text, first?.start ?? 0);
  return [
    findingAt(
      place,
      at,
      expected === undefined ? message : `${message}; ${withoutPreface(expected).replace(/\.$/, "")}`,
    ),
  ];
}

/** `offset`: in the rule's text. */
export function findingAt({ file, statement }: RulePlace, offset: number, message: string): PolicyFinding {
  return { severity: "error", file: file.name, ...placeAt(file.text, statement.start + offset), message };
}

/** Which function of Cedar failed, or which rule, is told by the place. Nothing is decided by it. */
function withoutPreface(message: string): string {
  return message.replace(/^(?:failed to parse [a-z ]+(?: from string)?: |for policy `[^`]*`, )/, "");
}
