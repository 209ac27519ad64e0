import { nearestWord } from "../../ground/nearest-word.ts";
import type { Finding, Path } from "../finding.ts";
import { testKinds, type TestKind } from "../test-schema.ts";
import { asList, asMapping, asText, type Mapping } from "./written.ts";

const kinds = Object.keys(testKinds) as TestKind[];

/** Every test is of exactly one kind, has only that kind's keys, and a name of its own. */
export function checkTests(image: Mapping, path: Path): Finding[] {
  const names = new Set<string>();
  return asList(image.tests).flatMap((entry, index): Finding[] => {
    const test = asMapping(entry);
    const at = [...path, "tests", index];
    const name = asText(test.name);
    const isRepeated = name !== undefined && names.has(name);
    if (name !== undefined) names.add(name);
    const repeated: Finding[] = isRepeated
      ? [
          {
            path: [...at, "name"],
            on: "value",
            expected: "a name that no other test has",
            got: `${JSON.stringify(name)} again`,
          },
        ]
      : [];
    return [...repeated, ...(Object.keys(test).length === 0 ? [] : checkKind(test, at))];
  });
}

/** The kind of a test: `user` is a kind only where it does not say who a `process` runs as. */
function kindsOf(test: Mapping): TestKind[] {
  const present = kinds.filter((kind) => test[kind] !== undefined);
  return present.includes("process") ? present.filter((kind) => kind !== "user") : present;
}

function checkKind(test: Mapping, path: Path): Finding[] {
  const present = kindsOf(test);
  const [kind, second] = present;
  if (kind === undefined) {
    // A misspelt kind is an unknown key as well; that finding names the right word, this one would only repeat it.
    if (Object.keys(test).some((key) => nearestWord(key, kinds) !== undefined)) return [];
    return [{ path, on: "value", expected: `one of the keys ${kinds.join(", ")}`, got: "none of them" }];
  }
  if (second !== undefined) {
    return [
      {
        path: [...path, second],
        on: "key",
        expected: `exactly one of the keys ${kinds.join(", ")}`,
        got: present.join(" and "),
      },
    ];
  }
  return checkExtraKeys(test, kind, path);
}

function checkExtraKeys(test: Mapping, kind: TestKind, path: Path): Finding[] {
  const allowed: readonly string[] = testKinds[kind];
  const extra = new Set<string>(Object.values(testKinds).flat());
  const foreign = Object.keys(test).filter((key) => extra.has(key) && key !== kind && !allowed.includes(key));
  const expected = allowed.length === 0 ? `only name beside ${kind}` : `only ${allowed.join(", ")} beside ${kind}`;
  const findings: Finding[] = foreign.map((key) => ({ path: [...path, key], on: "key", expected, got: key }));
  if (test.absent !== true) return findings;
  const pointless = ["mode", "owner", "contains"].filter((key) => test[key] !== undefined);
  return [
    ...findings,
    ...pointless.map((key): Finding => ({
      path: [...path, key],
      on: "key",
      expected: "nothing more about a file that is absent",
      got: key,
    })),
  ];
}
