import assert from "node:assert/strict";
import { test } from "node:test";
import { readShippedPolicies } from "../shipped.ts";
import { readActionGroups } from "./action-groups.ts";
import { openCedar } from "./cedar.ts";

test("every action of the schema is in the groups in which Cedar has it", () => {
  const schema = readShippedPolicies().schema.text;
  const answer = openCedar().use((cedar) => cedar.schemaToJson(schema));
  assert.ok(answer.type === "success");
  const actions = Object.entries(answer.json[""]?.actions ?? {});
  assert.ok(actions.some(([, { memberOf = [] }]) => memberOf.length > 0));
  const groupsOf = readActionGroups(schema);
  for (const [action, { memberOf = [] }] of actions) {
    const expected = memberOf.map(({ id }) => ({ type: "Action", id }));
    assert.deepEqual(groupsOf(action), expected, action);
  }
});
