import { z } from "zod";
import { addIdentity } from "../../controller/identity/add-identity.ts";
import { changeIdentity, inviteIdentity, removeIdentity } from "../../controller/identity/change-identity.ts";
import { readIdentities, readIdentity } from "../../controller/identity/read-identities.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { enrolmentCode, identity, principalName, publicKeys, standing } from "../schemas/identity.ts";
import { at, reason } from "../schemas/words.ts";

const path = "/api/v1/identities/{principal}";
const who = { principal: principalName };
const added = z.object({ principal: z.string(), enrolment: enrolmentCode.exactOptional() });
const done = z.object({ principal: z.string() });

const list = defineRoute({
  method: "GET",
  path: "/api/v1/identities",
  id: "listIdentities",
  summary: "Everybody who is registered, with their keys",
  access: "principal",
  input: z.object({ removed: z.stringbool().default(false), at }),
  answer: z.object({ identities: z.array(identity).readonly() }),
  errors: [],
  handle: async ({ controller, principal, input }) => ({
    identities: await readIdentities(controller, principal, input),
  }),
});

const show = defineRoute({
  method: "GET",
  path,
  id: "showIdentity",
  summary: "Somebody who is registered",
  access: "principal",
  input: z.object({ ...who, at }),
  answer: identity,
  errors: ["identity-unknown"],
  handle: ({ controller, principal, input }) => readIdentity(controller, principal, input),
});

const add = defineRoute({
  method: "POST",
  path: "/api/v1/identities",
  id: "addIdentity",
  summary: "Registers somebody; without a key to sign in with, it answers with a one-time code for that",
  access: "principal",
  input: z.object({ ...who, ...standing, keys: publicKeys, again: z.boolean().default(false) }),
  answer: added,
  errors: ["identity-exists", "key-malformed", "key-registered", "key-unsuitable", "usage"],
  handle: ({ controller, principal, input }) => addIdentity(controller, principal, input),
});

const change = defineRoute({
  method: "PUT",
  path,
  id: "changeIdentity",
  summary: "Gives somebody other roles, groups or addresses; what is not given stays",
  access: "principal",
  input: z.object({
    ...who,
    roles: standing.roles.exactOptional(),
    groups: standing.groups.exactOptional(),
    emails: standing.emails.exactOptional(),
    environment: standing.environment,
  }),
  answer: done,
  errors: ["identity-last-admin", "identity-unknown"],
  handle: ({ controller, principal, input }) => changeIdentity(controller, principal, input),
});

const remove = defineRoute({
  method: "DELETE",
  path,
  id: "removeIdentity",
  summary: "Somebody may not sign in any more, and tokens given before count no more",
  access: "principal",
  input: z.object({ ...who, reason: reason.default("") }),
  answer: done,
  errors: ["identity-last-admin", "identity-unknown"],
  handle: ({ controller, principal, input }) => removeIdentity(controller, principal, input),
});

const invite = defineRoute({
  method: "POST",
  path: `${path}/enrolments`,
  id: "openEnrolment",
  summary: "A one-time code with which somebody registers further keys",
  access: "principal",
  input: z.object(who),
  answer: added,
  errors: ["identity-unknown"],
  handle: ({ controller, principal, input }) => inviteIdentity(controller, principal, input.principal),
});

export const identityRoutes: readonly AnyRoute[] = [list, show, add, change, remove, invite];
