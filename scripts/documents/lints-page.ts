import { lints } from "../../src/evidence/lint/lints.ts";

/** docs/lints.md: what `ingot test` holds every image to. */
export function lintsPage(): string {
  const sections = lints.map(
    ({ name, rule, why, advice }) =>
      `## \`${name}\`\n\n${sentence(rule)}\n\n**Why:** ${why}.\n\n**What to do:** ${advice}.\n`,
  );
  return `${introduction}\n${sections.join("\n")}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const introduction = `# Lints

\`ingot test\` holds every image to these rules, whether it was built by Ingot or not. Their names are permanent. A lint that cannot be applied (no user is
set, nothing is declared to be absent) is skipped, with the reason in the report.

What a lint finds may be as it should be. Then the definition says so, with a reason, for some paths or for the whole lint; the reason is in every report,
and a path that is no longer found is named, so that exceptions do not outlive what they were for:

\`\`\`yaml
images:
  web:
    lints:
      unexpected-setuid: {paths: [/usr/local/bin/helper], reason: it must bind port 80 and then drops its rights}
      unexplained-content: {reason: the program is compiled by run}
\`\`\`

What a package brings is what dpkg's lists in the image say. Whoever makes an image can forge them: a file that a forged list names passes \`unexplained-content\`, and below
\`/usr\` it is not searched for keys and tokens, unless a later layer put it there. \`ingot rebuild\` finds it.

This page is made from the code (\`npm run generate\`).
`;
