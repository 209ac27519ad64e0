import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { statementKinds } from "../evidence/evidence.ts";
import { placeholders } from "./explain/placeholders.ts";
import { actions, principalRoles } from "./policy.ts";
import { readShippedPolicies } from "./shipped.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/policy.md"), "utf8");

function readSchema(): cedar.NamespaceDefinition<string> {
  const answer = cedar.schemaToJson(readShippedPolicies().schema.text);
  if (answer.type === "failure") assert.fail(answer.errors[0]?.message);
  return answer.json[""] ?? assert.fail("the schema has no types");
}

function attributesOf(name: string): readonly string[] {
  const type = readSchema().commonTypes?.[name];
  assert.ok(type !== undefined && "attributes" in type, name);
  return Object.keys(type.attributes);
}

test("docs/policy.md has the table of placeholders as the code has it", () => {
  const rows = [...page.matchAll(/^\| `\{([A-Za-z:]+)\}` \| (.+) \|$/gm)].map(([, name, means]) => [name, means]);
  assert.deepEqual(
    rows,
    Object.entries(placeholders).map(([name, { means }]) => [name, means]),
  );
});

test("docs/policy.md names every fact of the schema", () => {
  const types = ["PlainContext", "ImageContext", "EnvironmentFacts", "ImageFacts", "ScanFacts", "TestFacts"];
  const facts = types.flatMap(attributesOf);
  assert.ok(facts.length > 35);
  assert.deepEqual(
    facts.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test("docs/policy.md names every rule of the shipped environment's policy", () => {
  const ids = [...readShippedPolicies().environment.text.matchAll(/@id\("([^"]+)"\)/g)].map(([, id]) => id);
  assert.ok(ids.length > 12);
  assert.deepEqual(
    ids.filter((id) => !page.includes(`\`${id}\``)),
    [],
  );
});

test("the schema has the roles, actions and kinds of statements of the code", () => {
  const { entityTypes, actions: declared } = readSchema();
  const role = entityTypes.Role;
  assert.deepEqual(role !== undefined && "enum" in role ? role.enum.toSorted() : [], principalRoles.toSorted());
  assert.deepEqual(
    Object.keys(declared)
      .filter((name) => name !== "enter")
      .toSorted(),
    actions.toSorted(),
  );
  assert.deepEqual(attributesOf("Makers").toSorted(), Object.keys(statementKinds).toSorted());
});

test("every @supply of the shipped policies is a command of docs/commands.md, with its arguments and options that it has", () => {
  const reference = readFileSync(join(import.meta.dirname, "../../docs/commands.md"), "utf8");
  const sections = new Map(
    reference.split(/^## /m).map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
  );
  const { roles, environment } = readShippedPolicies();
  const supplies = [...`${roles.text}${environment.text}`.matchAll(/@supply\("([^"]+)"\)/g)];
  assert.ok(supplies.length > 18);
  for (const command of supplies.flatMap(([, supply = ""]) => supply.split(" && "))) {
    const words = command.split(" ");
    const name = [words.slice(0, 3).join(" "), words.slice(0, 2).join(" ")].find((one) => sections.has(one)) ?? command;
    const section = sections.get(name);
    assert.ok(section !== undefined, command);
    const options = words.filter((word) => word.startsWith("--"));
    for (const option of options) assert.ok(section.includes(`${option} `), `${command}: ${option}`);
    const values = options.filter((option) => section.includes(`${option} <`));
    const given = words.length - name.split(" ").length - options.length - values.length;
    const usage = /^Usage: .*$/m.exec(section)?.[0] ?? "";
    assert.ok(given >= (usage.match(/<[^>]+>/g) ?? []).length, `${command}: ${usage}`);
    const most = usage.includes("...")
      ? Infinity
      : (usage.match(/<[^>]+>|\[(?!options|command)[^\]]+\]/g) ?? []).length;
    assert.ok(given <= most, `${command}: ${usage}`);
  }
});
