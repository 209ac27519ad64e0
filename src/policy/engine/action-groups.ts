import type { TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";

/** The groups that an action is in, by its name. */
export type ActionGroups = (action: string) => readonly TypeAndId[];

/**
 * From the schema: that `deploy` is in `enter`. Without it a rule for `enter` would be for nothing. Cedar knows it too, but takes a tenth of a second to tell; a test holds both equal.
 */
export function readActionGroups(schema: string): ActionGroups {
  const groups = new Map<string, readonly TypeAndId[]>();
  for (const [, names = "", parents = ""] of schema.matchAll(declaration)) {
    const parentIds = split(parents).map((id) => ({ type: "Action", id }));
    for (const name of split(names)) groups.set(name, parentIds);
  }
  return (action) => groups.get(action) ?? [];
}

/** Such as `action pull, deploy in [enter] appliesTo {`, at the begin of a line. */
const declaration = /^action ([\w, ]+?)(?: in \[([\w, ]+)\])?(?: appliesTo|;)/gm;

function split(names: string): readonly string[] {
  return names.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
}
