import type { Rule } from "../engine/compiled.ts";
import type { PolicyFinding } from "../finding.ts";

/** Rules that share an `@id`, which would make decisions name the wrong one, and rules that are there twice. */
export function findDuplicates(rules: readonly Rule[]): readonly PolicyFinding[] {
  const ids = new Map<string, Rule>();
  const texts = new Map<string, Rule>();
  return rules.flatMap((rule): PolicyFinding[] => {
    const { id } = rule.annotations;
    const sameId = id === undefined ? undefined : keepFirst(ids, id, rule);
    const sameText = keepFirst(texts, JSON.stringify({ ...rule.json, annotations: undefined }), rule);
    const { file, line, column } = rule;
    const place = { severity: "warning", file, line, column } as const;
    return [
      ...(sameId === undefined
        ? []
        : [{ ...place, message: `its @id is that of the rule at ${placeOf(sameId)}`, next: "give it another one" }]),
      ...(sameText === undefined
        ? []
        : [
            { ...place, message: `it says the same as the rule at ${placeOf(sameText)}`, next: "take one of them out" },
          ]),
    ];
  });
}

function keepFirst(seen: Map<string, Rule>, key: string, rule: Rule): Rule | undefined {
  const first = seen.get(key);
  if (first === undefined) seen.set(key, rule);
  return first;
}

function placeOf({ file, line }: Rule): string {
  return `${file}:${line}`;
}
