import type { Dossier } from "../../controller/audit/dossier.ts";
import type { ProvenEvent } from "../../controller/audit/find-proofs.ts";
import { findStanding } from "../../policy/facts/standing.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { describeEvidence } from "./dossier-evidence.ts";
import { html, Html, type HtmlPart } from "./html.ts";
import { style } from "./style.ts";

/** A release as one page that needs nothing beside it: no script, no address, no font. Every text of others is escaped. */
export function makePage(dossier: Dossier): string {
  const { release, controller, made } = dossier;
  const title = `Release ${release.number} of ${release.service} in ${release.environment}`;
  const body = [
    describeAlarms(dossier),
    section("What, who, when and why", describeRelease(dossier)),
    section("Evidence that counted", describeEvidence(dossier)),
    section("Decision", describeDecision(dossier)),
    section("Policy that decided", describePolicy(dossier)),
    section("Since then", describeSince(dossier)),
    section("Proofs", describeProofs(dossier)),
  ];
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
      <title>${title}</title>
      <style>
        ${new Html(style)}
      </style>
    </head>
    <body>
      <header>
        <h1>${title}</h1>
        <p class="soft">Exported at ${made} from the controller at ${controller.baseUrl}</p>
      </header>
      <main>${body}</main>
    </body>
  </html>`;
  return `<!DOCTYPE html>\n${page.toString()}\n`;
}

function section(title: string, content: HtmlPart): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

/** A table of names and values; without a value there is no row. */
function facts(rows: readonly (readonly [string, HtmlPart])[]): Html {
  const given = rows.filter(([, value]) => value !== undefined);
  return html`<table>
    <tbody>
      ${given.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** What nobody may overlook, before everything else. */
function describeAlarms({ release: { breakGlass }, decision, since }: Dossier): HtmlPart {
  return [
    breakGlass === undefined
      ? undefined
      : html`<div class="alarm" role="alert">
          <p>
            <span class="bad">The glass was broken.</span> This release went around the policy until
            ${formatSeconds(breakGlass.expires)}: ${breakGlass.reason}
          </p>
          <ul>
            ${(decision.lifted ?? []).map(({ policy, missing }) => html`<li><code>${policy}</code>: ${missing}</li>`)}
          </ul>
        </div>`,
    since.revocations.map(
      ({ event, what, reason }) =>
        html`<div class="alarm" role="alert">
          <p><span class="bad">The image is revoked</span> by #${event} (${what}): ${reason}</p>
        </div>`,
    ),
    since.keys.map(
      ({ key, principal, role, event, reason }) =>
        html`<div class="alarm" role="alert">
          <p>
            <span class="bad">A key was revoked since</span>, by #${event}: ${reason}. What the ${role} key
            <code>${key.slice(0, 12)}</code> of ${principal} signed counted when this was decided.
          </p>
        </div>`,
    ),
  ];
}

function describeRelease(dossier: Dossier): Html {
  const { release, image } = dossier;
  const { from } = release;
  const origin = from === undefined ? undefined : `${from.kind} of release ${from.number} of ${from.environment}`;
  return facts([
    ["Service", release.service],
    ["Environment", release.environment],
    ["Release", release.number],
    ["Image", html`<code>${release.repository}@${release.image}</code>`],
    ["Tags today", image.tags.length === 0 ? "none" : image.tags.join(", ")],
    ["Pushed by", image.pushedBy],
    ["Released by", release.createdBy],
    ["Approved by", describeApprovers(dossier)],
    ["Released at", release.created],
    ["Reason", release.reason === "" ? html`<span class="soft">none was given</span>` : release.reason],
    ["Came from", origin],
    ["Configuration", html`<pre>${JSON.stringify(release.configuration, undefined, 2)}</pre>`],
    ["On the record", `#${release.event}`],
  ]);
}

/** Whose word counted when it was decided, as the policy saw it. */
function describeApprovers({ release, image, policy }: Dossier): string {
  const { environment, created } = release;
  const { approvers } = findStanding(image.facts, { environment, now: Date.parse(created) / 1000 });
  return `${approvers.join(", ") || "nobody"}; ${policy.approvals === 0 ? "none was needed" : `${policy.approvals} needed for a new release`}`;
}

function describeDecision({ decision }: Dossier): Html {
  return facts([
    ["Answer", describeAnswer(decision)],
    ["Asked by", decision.principal],
    ["To", `${decision.action}: ${decision.resource}`],
    ["By the policies", decision.policies.join(", ")],
    ["Digest of the policies", html`<code>${decision.policyDigest}</code>`],
    ["Held until", decision.until === undefined ? undefined : formatSeconds(decision.until)],
    ["On the record", `#${decision.event}`],
  ]);
}

function describeAnswer({ permit, lifted = [] }: Dossier["decision"]): Html {
  if (!permit) return html`<span class="bad">denied</span>`;
  if (lifted.length === 0) return html`<span class="good">permitted</span>`;
  return html`<span class="bad">permitted by breaking the glass</span>: the policy of the environment denied it`;
}

function describePolicy({ policy }: Dossier): HtmlPart {
  const { version, appliedBy, event, approvals, files, isWhatDecided } = policy;
  return [
    facts([
      ["Version", version],
      ["Put in force by", `${appliedBy} (#${event})`],
      ["Approvals needed", approvals],
    ]),
    isWhatDecided
      ? undefined
      : html`<p class="bad">
          The shipped texts below are of a newer release of Ingot than the one that decided: their digest is another
          one.
        </p>`,
    files.map(
      ({ name, text }) =>
        html`<details>
          <summary>${name}</summary>
          <pre>${text}</pre>
        </details>`,
    ),
  ];
}

function describeSince({ since: { revocations, keys, supersededBy } }: Dossier): Html {
  const next =
    supersededBy === undefined
      ? "nothing: it is the current release"
      : `release ${supersededBy.number} by ${supersededBy.createdBy} at ${supersededBy.created}`;
  return facts([
    ["Superseded by", next],
    ["Revocations of it", numbersOf(revocations)],
    ["Revocations of keys that it rested on", numbersOf(keys)],
  ]);
}

function numbersOf(events: readonly { readonly event: number }[]): string {
  return events.length === 0 ? "none" : events.map(({ event }) => `#${event}`).join(", ");
}

function describeProofs({ events, controller }: Dossier): HtmlPart {
  return [
    html`<p>
        Each event below has a receipt. The folder <code>receipts</code> beside this page has them as files; anybody
        checks one offline with the key of the log, which must come from elsewhere than from this page:
      </p>
      <pre>ingot audit check receipts/${events[0]?.receipt.event.index}.json --key ${controller.logs.events}</pre>`,
    events.map(describeProof),
  ];
}

function describeProof({ what, sentence, receipt }: ProvenEvent): Html {
  const { event, entry, proof } = receipt;
  return html`<details>
    <summary>#${event.index} ${event.time}, ${what}: ${sentence}</summary>
    <h3>The entry</h3>
    <pre>${JSON.stringify(event, undefined, 2)}</pre>
    <h3>Its bytes, base64</h3>
    <pre>${entry}</pre>
    <h3>Its proof, c2sp.org/tlog-proof</h3>
    <pre>${proof}</pre>
  </details>`;
}
