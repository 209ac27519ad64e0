import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { ImageFacts, PolicyFile } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { stateBefore } from "../state-at.ts";
import { findDecision, type RecordedDecision } from "../state/decisions.ts";
import { findPolicy } from "../state/policies.ts";
import { findManifest, tagsOf } from "../state/registry.ts";
import { findRelease, type Release } from "../state/releases.ts";
import { listRevocations, revocationsOf } from "../state/revocations.ts";
import { listAccepted, type AcceptedStatement } from "../state/statements.ts";
import { findProofs, type ProvenEvent } from "./find-proofs.ts";

/** Everything about one release: what, who, when, why, on which evidence, and a proof of each. */
export type Dossier = {
  readonly format: "ingot-dossier/1";
  readonly controller: {
    readonly baseUrl: string;
    readonly logs: { readonly events: string; readonly signatures: string };
  };
  /** ISO 8601. */
  readonly made: string;
  readonly release: Release;
  readonly decision: RecordedDecision;
  readonly image: {
    readonly digest: string;
    readonly repository: string;
    readonly tags: readonly string[];
    readonly pushedBy?: string;
    /** As they were when it was decided. */
    readonly facts: ImageFacts;
  };
  readonly policy: DossierPolicy;
  /** Those that counted when it was decided, in the order in which they came. */
  readonly statements: readonly AcceptedStatement[];
  /** What has happened to it since. */
  readonly since: {
    readonly revocations: ImageFacts["revocations"];
    /** Keys of statements that counted then, and that were revoked since. */
    readonly keys: readonly LostKey[];
    readonly supersededBy?: { readonly number: number; readonly created: string; readonly createdBy: string };
  };
  readonly events: readonly ProvenEvent[];
};

export type LostKey = {
  readonly key: string;
  readonly principal: string;
  readonly role: string;
  /** Of the revocation. */
  readonly event: number;
  readonly reason: string;
};

export type DossierPolicy = {
  readonly version: number;
  readonly appliedBy: string;
  readonly event: number;
  readonly approvals: number;
  /** All texts that decided, also the shipped ones. */
  readonly files: readonly PolicyFile[];
  /** Whether these texts have the digest that the decision names: shipped ones may have changed with a newer release of Ingot. */
  readonly isWhatDecided: boolean;
};

export type ReleaseName = { readonly environment: string; readonly service: string; readonly number: number };

/** Throws `release-unknown`. */
export async function makeDossier(controller: Controller, name: ReleaseName): Promise<Dossier> {
  const { ledger, settings, signatures } = controller;
  const release = findRelease(ledger.state, name);
  const decision = release === undefined ? undefined : findDecision(ledger.state, release.decision);
  if (release === undefined || decision === undefined) throw unknown(name);
  await ledger.settled();
  const then = await stateBefore(controller, release.decision);
  const { repository, image } = release;
  const statements = listAccepted(then, image);
  const policy = readPolicy(controller, then, { environment: name.environment, digest: decision.policyDigest });
  const manifest = findManifest(then, repository, image);
  const revocations = revocationsOf(ledger.state, image);
  const keys = findLostKeys(ledger.state, statements);
  const next = findRelease(ledger.state, { ...name, number: name.number + 1 });
  return {
    format: "ingot-dossier/1",
    controller: {
      baseUrl: settings.baseUrl,
      logs: { events: ledger.log.verifierKey, signatures: signatures.verifierKey },
    },
    made: ledger.now().toISOString(),
    release,
    decision,
    image: {
      digest: image,
      repository,
      tags: tagsOf(ledger.state, repository, image),
      ...(manifest === undefined ? {} : { pushedBy: manifest.pushedBy }),
      facts: gatherFacts(then, image),
    },
    policy,
    statements,
    since: {
      revocations,
      keys,
      ...(next === undefined
        ? {}
        : { supersededBy: { number: next.number, created: next.created, createdBy: next.createdBy } }),
    },
    events: findProofs(controller, then, {
      release,
      policy,
      manifest,
      statements,
      revocations: [...revocations, ...keys],
    }),
  };
}

/** What was said with a key that was stolen was said by nobody knows whom, also where it counted then. */
function findLostKeys(state: Database, statements: readonly AcceptedStatement[]): readonly LostKey[] {
  const counted = new Map(
    statements.filter(({ keyStatus }) => keyStatus !== "revoked").map((one) => [one.key, one] as const),
  );
  return listRevocations(state, "key").flatMap(({ subject, event, reason }) => {
    const lost = subject.kind === "key" ? counted.get(subject.id) : undefined;
    return lost === undefined ? [] : [{ key: lost.key, principal: lost.principal, role: lost.role, event, reason }];
  });
}

function readPolicy(
  { policies }: Controller,
  then: Database,
  { environment, digest }: { readonly environment: string; readonly digest: string },
): DossierPolicy {
  const applied = findPolicy(then, environment);
  if (applied === undefined) throw new Error(`a release was decided in ${environment}, which had no policy`);
  const set = policies.forEnvironment(applied.files);
  const { version, appliedBy, event, approvals } = applied;
  return { version, appliedBy, event, approvals, files: set.files, isWhatDecided: set.digest === digest };
}

function unknown({ environment, service, number }: ReleaseName): IngotError {
  return new IngotError("release-unknown", `service ${service} has no release ${number} in ${environment}`, {
    hint: `ingot history ${service} --environment ${environment} --type release.created`,
  });
}
