import { normalisationRules, walkRules } from "./rules.ts";

/** The text of docs/normalisation.md. */
export function normalisationPage(): string {
  const rows = normalisationRules.map(
    ({ path, action, reason }) => `| \`/${path}\` | ${actions[action]} | ${reason} |`,
  );
  return `# What Ingot normalises

The tree of an image is what dpkg and the packages' own scripts make, but for what this page lists. It is generated from
\`src/image/normalise/rules.ts\`; a test keeps both equal. All of it happens to the tree itself at the end of every stage.

| path | what happens | why |
|---|---|---|
${rows.join("\n")}

In addition:

${walkRules.map(({ what, reason }) => `- ${what}. ${reason}`).join("\n")}
`;
}

const actions = { remove: "removed", empty: "made empty", "clamp-shadow": "dates clamped" } as const;
