import type { Dossier } from "../../controller/audit/dossier.ts";

const digest = `sha256:${"a".repeat(64)}`;

/** A dossier in which every text that somebody else chose is the same one. */
export function dossierOf(text: string): Dossier {
  const event = {
    index: 7,
    time: "2026-11-21T12:00:00.000Z",
    actor: text,
    type: "release.created",
    data: { reason: text },
  };
  return {
    format: "ingot-dossier/1",
    controller: { baseUrl: text, logs: { events: text, signatures: text } },
    made: text,
    release: releaseOf(text),
    decision: decisionOf(text),
    image: imageOf(text),
    policy: {
      version: 1,
      appliedBy: text,
      event: 1,
      approvals: 0,
      files: [{ name: text, text }],
      isWhatDecided: false,
    },
    statements: statementsOf(text),
    since: {
      revocations: [{ event: 9, what: text, reason: text }],
      keys: [{ key: text, principal: text, role: text, event: 10, reason: text }],
      supersededBy: { number: 2, created: text, createdBy: text },
    },
    events: [
      {
        what: text,
        sentence: text,
        receipt: { format: "ingot-receipt/1", event, entry: text, proof: text, check: text },
      },
    ],
  };
}

function releaseOf(text: string): Dossier["release"] {
  return {
    service: text,
    environment: text,
    number: 1,
    repository: text,
    image: digest,
    configuration: { [text]: text },
    decision: 6,
    reason: text,
    createdBy: text,
    created: text,
    event: 7,
    from: { environment: text, number: 1, kind: "promote" },
    breakGlass: { reason: text, expires: 1 },
  };
}

function decisionOf(text: string): Dossier["decision"] {
  return {
    permit: true,
    policies: [text],
    missing: [],
    policyDigest: text,
    principal: text,
    action: "deploy",
    resource: text,
    event: 6,
    lifted: [{ policy: text, missing: text, supply: text }],
  };
}

function imageOf(text: string): Dossier["image"] {
  const facts = {
    digest,
    repositories: [text],
    statements: [],
    authors: [text],
    approvals: [],
    revocations: [],
    uncounted: [{ kind: text, reason: text }],
  };
  return { digest, repository: text, tags: [text], pushedBy: text, facts };
}

/** One of each kind that the page words in its own way. */
function statementsOf(text: string): Dossier["statements"] {
  const said = {
    repository: text,
    subject: digest,
    manifest: digest,
    predicateType: text,
    key: text,
    principal: text,
    payload: digest,
    made: text,
    event: 5,
    keyStatus: "active",
    isDeleted: false,
  } as const;
  const fixable = [{ id: text, severity: "high", since: 0 }] as const;
  const scan = { finished: 8.64e15, exploited: [text], fixable, gaps: 0 };
  const word = { environment: text, verdict: "approve", expires: 1, created: 1, nonce: text } as const;
  const approval = { ...word, kind: "approval", reason: text, reviewed: [], policyDigest: text } as const;
  const provenance = { kind: "provenance", commit: text, authors: [text], bases: [] } as const;
  return [
    { ...said, kind: "scan", role: "scanner", facts: { kind: "scan", scan } },
    { ...said, kind: "tests", role: "tester", facts: { kind: "tests", passed: false, finished: 1, failed: [text] } },
    { ...said, kind: "approval", role: "approver", facts: approval },
    { ...said, keyStatus: "revoked", kind: "provenance", role: "builder", facts: provenance },
    { ...said, isDeleted: true, kind: "other", role: "builder", facts: { kind: "none", no: text } },
  ];
}
