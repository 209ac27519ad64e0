import { errorCodes } from "../../src/ground/error-codes.ts";

const exitMeanings: Readonly<Record<number, string>> = {
  1: "failed",
  2: "usage",
  3: "refused by policy",
  4: "drift or verification failure found",
};

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { exit, means }]) => `| \`${code}\` | ${exit} ${exitMeanings[exit]} | ${means} |`,
  );
  return `# Errors

Every error of Ingot has a code that never changes, one sentence with the values in it, and a hint: the next command or step. With
\`--json\` the code, the sentence and the hint are printed as one object. This page is generated from \`src/ground/error-codes/\` by
\`npm run generate\`; a test keeps both equal. A signal that stops a command gives exit code 130.

| code | exit code | what it means |
|---|---|---|
${rows.join("\n")}
`;
}
