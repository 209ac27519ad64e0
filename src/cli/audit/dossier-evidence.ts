import type { Dossier } from "../../controller/audit/dossier.ts";
import { shortId } from "../../evidence/keys/key-folder.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { html, type Html, type HtmlPart } from "./html.ts";

type Statement = Dossier["statements"][number];

/** Every statement that counted when it was decided, with what it says. */
export function describeEvidence({ statements, image: { facts } }: Dossier): HtmlPart {
  const rows = statements.map(
    (one) =>
      html`<tr>
        <td>${one.kind}</td>
        <td>
          ${one.principal}<br /><span class="soft">${one.role} key <code>${shortId(one.key)}</code></span>
        </td>
        <td>${describeFacts(one)}${describeDoubt(one)}${describeReplaced(one, statements)}</td>
        <td>${one.made}</td>
        <td>
          #${one.event}${one.logged === undefined ? undefined : html`<br /><span class="soft">signature log ${one.logged.index}</span>`}
        </td>
      </tr>`,
  );
  return [
    statements.length === 0
      ? html`<p class="bad">No statement about the image counted.</p>`
      : html`<table>
          <thead>
            <tr>
              <th>Statement</th>
              <th>By</th>
              <th>Says</th>
              <th>Made</th>
              <th>Record</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>`,
    html`<p class="soft">
      Authors and builders of the image, who may not approve it: ${facts.authors.join(", ") || "nobody is known"}.
    </p>`,
    facts.uncounted.length === 0
      ? undefined
      : html`<p>Kept, and not counted:</p>
          <ul>
            ${facts.uncounted.map(({ kind, reason }) => html`<li>${kind}: ${reason}</li>`)}
          </ul>`,
  ];
}

function describeDoubt({ keyStatus, isDeleted }: Statement): Html | undefined {
  if (keyStatus === "revoked") return html`<br /><span class="bad">its key was revoked: it did not count</span>`;
  return isDeleted ? html`<br /><span class="bad">it was deleted before</span>` : undefined;
}

/** The last word of each person about an environment counts. */
function describeReplaced({ facts, principal }: Statement, statements: readonly Statement[]): Html | undefined {
  if (facts.kind !== "approval") return undefined;
  const later = statements.findLast(
    (one) =>
      one.principal === principal &&
      one.facts.kind === "approval" &&
      one.facts.environment === facts.environment &&
      one.facts.created > facts.created,
  );
  return later === undefined
    ? undefined
    : html`<br /><span class="soft">did not count: replaced by #${later.event}</span>`;
}

function describeFacts({ facts }: Statement): HtmlPart {
  switch (facts.kind) {
    case "scan": {
      const { finished, exploited, fixable, gaps } = facts.scan;
      const open = fixable.map(({ id, severity }) => `${id} (${severity})`).join(", ") || "none";
      return `finished at ${formatSeconds(finished)}; known to be exploited: ${exploited.join(", ") || "none"}; with a fix, high or critical: ${open}; packages nothing is known of: ${gaps}`;
    }
    case "tests":
      return `${facts.passed ? "all passed" : `failed: ${facts.failed.join(", ")}`}, at ${formatSeconds(facts.finished)}`;
    case "approval":
      return `${facts.verdict === "approve" ? "approved" : "REJECTED"} for ${facts.environment}${facts.verdict === "approve" ? `, until ${formatSeconds(facts.expires)}` : ""}${facts.reason === "" ? "" : `: ${facts.reason}`}`;
    case "provenance":
      return `${facts.commit === undefined ? "names no commit" : `from commit ${facts.commit}`}${facts.authors.length === 0 ? "" : ` by ${facts.authors.join(", ")}`}`;
    case "sbom":
      return `lists ${facts.packages} packages, where Debian's source packages count too`;
    case "none":
      return facts.no === undefined ? "" : `it says no: ${facts.no}`;
  }
}
