import { present } from "../../ground/present.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Decision, ImageFacts, PolicyEngine, Principal } from "../../policy/policy.ts";
import { parsePrincipal } from "../../policy/principal-name.ts";
import { controllerItself } from "../decisions/controller-itself.ts";
import { system } from "../events/events.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import type { Moment } from "../state-at.ts";
import { findIdentity, toPrincipal } from "../state/identities.ts";
import { tagsOf } from "../state/registry.ts";
import { listCurrent, type Release } from "../state/releases.ts";
import { judge } from "../decisions/authorize.ts";
import { requirePolicy } from "../decisions/require-policy.ts";

/** What is released, and how it stands now. Times are seconds since 1970 where they are numbers. */
export type ServiceStatus = {
  readonly release: Release;
  readonly tags: readonly string[];
  /** Whether whoever released it could do so again now. */
  readonly deploy: Decision;
  /** Whether its instances could be started now: pulls are decisions too. */
  readonly pull: Decision;
  /** The first moment of the coming day at which that ends by time alone. */
  readonly pullEnds?: number;
  readonly revocations: ImageFacts["revocations"];
  /** Approvals that stand for this environment. */
  readonly approvals: readonly { readonly by: string; readonly expires: number }[];
  /** When the newest scan that counts was made. */
  readonly scanned?: number;
  /** There where it went around the policy. `isOverdue`: the time for that is over. */
  readonly breakGlass?: { readonly reason: string; readonly expires: number; readonly isOverdue: boolean };
};

/** What runs where, by the record: the current release of every service. Throws `environment-unknown`. */
export function showStatus(policies: PolicyEngine, moment: Moment, environment?: string): readonly ServiceStatus[] {
  if (environment !== undefined) requirePolicy(moment.state, environment);
  return listCurrent(moment.state, environment).map((release) => describe(policies, moment, release));
}

function describe(policies: PolicyEngine, moment: Moment, release: Release): ServiceStatus {
  const { state, now } = moment;
  const { service, environment, image, repository, breakGlass } = release;
  const facts = gatherFacts(state, image);
  const about = { environment, image, repository, principal: releaser(state, release.createdBy) };
  const resource = { kind: "service", name: service, environment } as const;
  const pullAt = (time: number): Decision =>
    judge(
      policies,
      { state, now: time },
      { ...about, principal: host(environment), action: "pull", resource: { kind: "image", repository } },
    );
  const pull = pullAt(now);
  const pullEnds = findEnd(pull, { at: pullAt, last: now + day });
  return {
    release,
    tags: tagsOf(state, repository, image),
    deploy: judge(policies, moment, { ...about, action: "deploy", resource }),
    pull,
    ...(pullEnds === undefined ? {} : { pullEnds }),
    revocations: facts.revocations,
    approvals: standing(facts, { environment, now }),
    ...(facts.scan === undefined ? {} : { scanned: facts.scan.finished }),
    ...(breakGlass === undefined ? {} : { breakGlass: { ...breakGlass, isOverdue: breakGlass.expires <= now } }),
  };
}

const day = 86_400;

/** A decision says when it may be another one, and most often it then is the same: what has just grown too old for a new release still runs. */
function findEnd(
  decision: Decision,
  { at, last }: { readonly at: (time: number) => Decision; readonly last: number },
): number | undefined {
  let { permit, until } = decision;
  for (let tries = 0; permit && until !== undefined && until <= last && tries < 50; tries += 1) {
    const then = at(until);
    if (!then.permit) return until;
    ({ permit, until } = then);
  }
  return undefined;
}

/** Who released it, with the roles of that moment of the state; one who came by an issuer is not registered and has those that a release takes. */
function releaser(state: Database, principal: string): Principal {
  const registered = findIdentity(state, principal);
  if (registered !== undefined) return toPrincipal(registered);
  if (principal === system) return controllerItself;
  const { kind, name } = present(parsePrincipal(principal), `the name of who released ${principal}`);
  return { kind, name, groups: [], roles: ["deployer"] };
}

function host(environment: string): Principal {
  return { kind: "workload", name: "host", groups: [], roles: ["host"], environment };
}

function standing(
  { approvals }: ImageFacts,
  { environment, now }: { readonly environment: string; readonly now: number },
): ServiceStatus["approvals"] {
  return approvals
    .filter((one) => one.environment === environment && one.verdict === "approve" && one.expires > now)
    .map(({ by, expires }) => ({ by, expires }));
}
