import { statusOf } from "../../src/api/error-answer.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { routes } from "../../src/api/routes.ts";

/** docs/routes.md: every route of the REST API. */
export function routesPage(): string {
  const subjects = Map.groupBy(routes, ({ path }) => path.split("/")[3] ?? "");
  const sections = [...subjects].map(([subject, own]) => `## ${subject}\n\n${tableOf(own)}\n`);
  return `# Routes

Made from the code (\`npm run generate\`). [api.md](api.md) says how to use them; [the OpenAPI document](../schema/openapi.json), which the controller serves as \`/api/v1/openapi.json\`, has
what each takes and answers. Beside the errors named here every route may answer 400 \`request-malformed\`, and those that need a token 401 \`token-…\` and 403 \`policy-denied\`.

${sections.join("\n")}`;
}

function tableOf(own: readonly AnyRoute[]): string {
  const rows = own.map(({ method, path, id, summary, access, errors }) => {
    const failures = errors.map((code) => `${statusOf(code)} \`${code}\``).join("<br>");
    return `| \`${method} ${path}\` | ${access === "anonymous" ? "no" : "yes"} | ${summary} (\`${id}\`) | ${failures} |`;
  });
  return ["| route | token | what it does | errors |", "|---|---|---|---|", ...rows].join("\n");
}
