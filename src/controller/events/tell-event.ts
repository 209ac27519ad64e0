import { shortDigest } from "../../oci/digest.ts";
import type { LedgerEvent } from "../../ledger/event.ts";
import type { EventData, EventType } from "./events.ts";
import type { RevokedSubject } from "./revocation-events.ts";

type Tell = { readonly [T in EventType]: (data: EventData[T]) => string };

/** What happened, as what follows the actor's name in a sentence. Texts of others are in it as they are: who prints it takes care of control characters. */
const tell: Tell = {
  "controller.configured": ({ version }) => `started with other settings, release ${version}`,

  "identity.added": ({ principal, roles }) =>
    `registered ${principal} as ${roles.join(", ") || "nothing in particular"}`,
  "identity.removed": ({ principal, reason }) => `removed ${principal}: ${reason}`,
  "key.registered": ({ principal, key }) => `registered the ${key.use} key ${shortKey(key.id)} of ${principal}`,
  "key.retired": ({ principal, id, use }) => `retired the ${use} key ${shortKey(id)} of ${principal}`,
  "enrolment.opened": ({ principal, expires }) => `opened the enrolment of ${principal} until ${timeOf(expires)}`,
  "enrolment.used": ({ principal }) => `enrolled ${principal}`,
  "token.issued": ({ principal, environment, expires }) =>
    `gave ${principal} a token${inEnvironment(environment, "for")} until ${timeOf(expires)}`,

  "manifest.pushed": ({ repository, digest, subject }) =>
    subject === undefined
      ? `pushed ${repository}@${shortDigest(digest)}`
      : `attached ${shortDigest(digest)} to ${repository}@${shortDigest(subject)}`,
  "manifest.deleted": ({ repository, digest }) => `deleted ${repository}@${shortDigest(digest)}`,
  "tag.set": ({ repository, tag, digest }) => `tagged ${repository}@${shortDigest(digest)} as ${tag}`,
  "tag.deleted": ({ repository, tag }) => `deleted the tag ${repository}:${tag}`,
  "garbage.collected": ({ blobs, freed }) => `collected ${blobs} blobs, ${freed} bytes`,

  "statement.accepted": (data) => tellStatement(data),
  "statement.uncounted": ({ repository, subject, kind, reason }) =>
    `kept a ${kind} of ${repository}@${shortDigest(subject)} that does not count: ${reason}`,

  "policy.applied": ({ environment, approvals, files }) =>
    `put a policy in force in ${environment}: ${files.length === 0 ? "the shipped one" : files.map(({ name }) => name).join(", ")}, ${approvals} approvals`,
  "decision.made": (data) => tellDecision(data),
  "release.created": (data) => tellRelease(data),

  "revocation.made": ({ subject, reason }) => `revoked ${describeSubject(subject)}: ${reason}`,
  "revocation.reached": ({ revocation, images }) =>
    `found that revocation #${revocation} reaches ${images.map(({ digest, how }) => `${shortDigest(digest)} (${how})`).join(", ")}`,
};

/** One sentence, without time and number; a type that this release does not know is told by its name. */
export function tellEvent({ actor, type, data }: Pick<LedgerEvent, "actor" | "type" | "data">): string {
  if (!Object.hasOwn(tell, type)) return `${actor}: ${type}`;
  const sentence = tell[type as EventType] as (data: LedgerEvent["data"]) => string;
  // Attack: a reason with a line break in it, after which comes what looks like another event.
  return `${actor} ${sentence(data)}`.replaceAll(/\s+/gu, " ");
}

/** `image sha256:…`, `package openssl 3.0.1 (deb)`, `key 0123456789ab`. */
export function describeSubject(subject: RevokedSubject): string {
  switch (subject.kind) {
    case "image":
      return `image ${shortDigest(subject.digest)}`;
    case "package":
      return `package ${subject.name} ${subject.version} (${subject.ecosystem})`;
    case "key":
      return `key ${shortKey(subject.id)}`;
  }
}

function tellStatement({ repository, subject, kind, principal, facts }: EventData["statement.accepted"]): string {
  const image = `${repository}@${shortDigest(subject)}`;
  if (facts.kind !== "approval") return `brought a ${kind} by ${principal} of ${image}, which counts`;
  const verb = facts.verdict === "approve" ? "approved" : "rejected";
  const why = facts.reason === "" ? "" : `: ${facts.reason}`;
  return `brought the word of ${principal}, who ${verb} ${image} for ${facts.environment} until ${timeOf(facts.expires)}${why}`;
}

function tellDecision({
  action,
  resource,
  image,
  permit,
  missing,
  breakGlass,
  lifted,
}: EventData["decision.made"]): string {
  const what = `${action} ${image === undefined ? "" : `${shortDigest(image)} as `}${resource}`;
  if (!permit)
    return `was not permitted to ${what}: ${missing.map((one) => one.missing).join("; ") || "no policy permits it"}`;
  if (breakGlass === undefined || lifted === undefined) return `was permitted to ${what}`;
  return `BROKE THE GLASS to ${what}: ${breakGlass}; it went around: ${lifted.map((one) => one.missing).join("; ")}`;
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
    breakGlass === undefined ? "" : `; BREAK-GLASS until ${timeOf(breakGlass.expires)}: ${breakGlass.reason}`;
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

function shortKey(id: string): string {
  return id.slice(0, 12);
}

function timeOf(seconds: number): string {
  // Further than a date reaches is what a hostile statement may say.
  return Math.abs(seconds) < 8.64e12 ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : String(seconds);
}
