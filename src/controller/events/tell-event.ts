import { shortId } from "../../evidence/keys/key-folder.ts";
import { formatSeconds } from "../../ground/format-timestamp.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { LedgerEvent } from "../../ledger/event.ts";
import { system, type EventData, type EventType } from "./events.ts";
import type { RevokedSubject } from "./revocation-events.ts";
import { tellFleet } from "./tell-fleet.ts";
import { tellDrift } from "./tell-drift.ts";
import { sayKind, tellStatement } from "./tell-statement.ts";

type Tell = { readonly [T in EventType]: (data: EventData[T], actor: string) => string };

/** What happened, as what follows the actor's name in a sentence. Texts of others are in it as they are: who prints it takes care of control characters. */
const tell: Tell = {
  "controller.configured": ({ version }) => `started with new settings, release ${version}`,

  "policy.shipped": ({ release, digest }) =>
    `put the policies of release ${release} in force wherever there are no others, ${shortDigest(digest)}`,

  "identity.added": ({ principal, roles }) =>
    `registered ${principal} as ${roles.join(", ") || "nothing in particular"}`,
  "identity.removed": ({ principal, reason }) => `removed ${principal}: ${reason}`,
  "key.registered": ({ principal, key }, actor) => `registered ${keyOf({ ...key, principal }, actor)}`,
  "key.retired": (key, actor) => `retired ${keyOf(key, actor)}`,
  "enrolment.opened": ({ principal, expires }) =>
    `opened the enrolment of ${principal} until ${formatSeconds(expires)}`,
  "enrolment.used": ({ principal }, actor) => `used the one-time code${principal === actor ? "" : ` of ${principal}`}`,
  "token.issued": ({ principal, environment, expires, by }, actor) =>
    `${tellGround(by)}${principal === actor ? "" : ` as ${principal}`}${inEnvironment(environment, "for")} until ${formatSeconds(expires)}`,

  "manifest.pushed": ({ repository, digest, subject }, actor) => {
    if (subject === undefined) return `pushed ${repository}@${shortDigest(digest)}`;
    const image = `${repository}@${shortDigest(subject)}`;
    return actor === system
      ? `attached a statement of ${image} with its place in the signature log, as ${shortDigest(digest)}`
      : `attached ${shortDigest(digest)} to ${image}`;
  },
  "manifest.deleted": ({ repository, digest }) => `deleted ${repository}@${shortDigest(digest)}`,
  "tag.set": ({ repository, tag, digest }) => `tagged ${repository}@${shortDigest(digest)} as ${tag}`,
  "tag.deleted": ({ repository, tag }) => `deleted the tag ${repository}:${tag}`,
  "garbage.collected": ({ blobs, freed }) => `collected ${blobs} blobs, ${freed} bytes`,

  "statement.accepted": (data, actor) => tellStatement(data, actor),
  "statement.uncounted": ({ repository, subject, kind, reason }) =>
    `brought ${sayKind(kind)} of ${repository}@${shortDigest(subject)}, which does not count: ${reason}`,

  "policy.applied": ({ environment, approvals, files }) =>
    `put a policy in force in ${environment}: ${files.length === 0 ? "the shipped one" : files.map(({ name }) => name).join(", ")}, ${approvals} approvals`,
  "decision.made": (data) => tellDecision(data),
  "release.created": (data) => tellRelease(data),

  "revocation.made": ({ subject, reason }) => `revoked ${describeSubject(subject)}: ${reason}`,
  "revocation.reached": ({ revocation, images }) =>
    `found that revocation #${revocation} reaches ${images.map(({ digest, how }) => `${shortDigest(digest)} (${how})`).join(", ")}`,

  ...tellFleet,
  ...tellDrift,
};

/** Every type that this release knows. */
export const eventTypes: readonly string[] = Object.keys(tell);

/** One sentence, without time and number; a type that this release does not know is told by its name. */
export function tellEvent({ actor, type, data }: Pick<LedgerEvent, "actor" | "type" | "data">): string {
  if (!Object.hasOwn(tell, type)) return `${actor}: ${type}`;
  const sentence = tell[type as EventType] as (data: LedgerEvent["data"], actor: string) => string;
  // Attack: a reason with a line break in it, after which comes what looks like another event.
  return `${actor} ${sentence(data, actor)}`.replaceAll(/\s+/gu, " ");
}

/** `image sha256:…`, `package openssl 3.0.1 (deb)`, `key 0123456789ab`. */
export function describeSubject(subject: RevokedSubject): string {
  switch (subject.kind) {
    case "image":
      return `image ${shortDigest(subject.digest)}`;
    case "package":
      return `package ${subject.name} ${subject.version} (${subject.ecosystem})`;
    case "key":
      return `key ${shortId(subject.id)}`;
  }
}

function tellGround({ kind }: EventData["token.issued"]["by"]): string {
  if (kind === "controller") return "gave this machine a token";
  return kind === "token" ? "took another token" : "signed in";
}

function keyOf(
  { id, use, principal }: { readonly id: string; readonly use: string; readonly principal: string },
  actor: string,
): string {
  return principal === actor ? `their ${use} key ${shortId(id)}` : `the ${use} key ${shortId(id)} of ${principal}`;
}

function tellDecision({
  action,
  resource,
  environment,
  image,
  permit,
  missing,
  breakGlass,
  lifted,
}: EventData["decision.made"]): string {
  // Nobody revokes or administers the controller: it is where they do.
  const object =
    resource === "the controller" && image === undefined ? "at the controller" : sayResource(resource, image);
  const what = `${action} ${object}${sayPlace(resource, environment)}`;
  if (!permit)
    return `was not permitted to ${what}: ${missing.map((one) => one.missing).join("; ") || "no policy permits it"}`;
  if (breakGlass === undefined || lifted === undefined) return `was permitted to ${what}`;
  return `BROKE THE GLASS to ${what}: ${breakGlass}; it went around: ${lifted.map((one) => one.missing).join("; ")}`;
}

/** `shop/web@sha256:…`, `sha256:… as service web in production`. */
function sayResource(resource: string, image: string | undefined): string {
  if (image === undefined) return resource;
  const [, repository] = /^repository (.*)$/s.exec(resource) ?? [];
  return repository === undefined ? `${shortDigest(image)} as ${resource}` : `${repository}@${shortDigest(image)}`;
}

function sayPlace(resource: string, environment: string | undefined): string {
  return environment === undefined || !resource.startsWith("repository ") ? "" : ` for ${environment}`;
}

function tellRelease({
  service,
  environment,
  number,
  repository,
  image,
  from,
  reason,
  breakGlass,
}: EventData["release.created"]): string {
  const way = from === undefined ? "" : tellOrigin(from);
  const why = reason === "" ? "" : `: ${reason}`;
  const glass =
    breakGlass === undefined ? "" : `; BREAK-GLASS until ${formatSeconds(breakGlass.expires)}: ${breakGlass.reason}`;
  return `made release ${number} of ${service} in ${environment}, ${repository}@${shortDigest(image)}${way}${why}${glass}`;
}

function tellOrigin({ environment, number, kind }: NonNullable<EventData["release.created"]["from"]>): string {
  return kind === "promote"
    ? `, promoted from release ${number} of ${environment}`
    : `, rolled back to release ${number}`;
}

function inEnvironment(environment: string | undefined, word: string): string {
  return environment === undefined ? "" : ` ${word} ${environment}`;
}
