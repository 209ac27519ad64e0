import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";

/** Whether any rule of a set may look at a member of the context, or of the image in it, by its name. */
export type UsedFacts = (name: string) => boolean;

/**
 * The names of all attributes that rules take or ask for, of whatever it is. Most of what a decision takes is Cedar's reading of the facts, a third of it for facts that no rule
 * of the shipped policies looks at, so those are not sent. A rule that compares the context or the image as a whole uses all.
 */
export function findUsedFacts(policies: readonly PolicyJson[]): UsedFacts {
  const names = new Set<string>();
  let isWhole = false;
  const visit = (value: unknown, isBase: boolean): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (key === "Var" && member === "context" && !isBase) isWhole = true;
      if ((key !== "." && key !== "has") || !isAccess(member)) visit(member, false);
      else {
        for (const name of [member.attr].flat()) names.add(name);
        if (key === "." && member.attr === "image" && !isBase) isWhole = true;
        visit(member.left, true);
      }
    }
  };
  for (const { conditions } of policies) visit(conditions, false);
  return (name) => isWhole || names.has(name);
}

type Access = { readonly left: unknown; readonly attr: string | readonly string[] };

function isAccess(value: unknown): value is Access {
  return typeof value === "object" && value !== null && "left" in value && "attr" in value;
}
