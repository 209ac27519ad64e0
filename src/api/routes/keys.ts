import { z } from "zod";
import { addKeys, succeedKey, retireKey } from "../../controller/identity/change-keys.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { principalName, publicKeys } from "../schemas/identity.ts";

const path = "/api/v1/identities/{principal}/keys";
const answer = z.object({ principal: z.string(), keys: z.array(z.string()).readonly() });
const keyStart = z.string().regex(/^[0-9a-f]{8,64}$/, { error: "expected at least 8 hex digits of a key's id" });
const jwt = z.string().min(1).max(16_384);

const add = defineRoute({
  method: "POST",
  path,
  id: "addKeys",
  summary: "Registers further keys of somebody",
  access: "principal",
  input: z.object({ principal: principalName, keys: publicKeys.min(1) }),
  answer,
  errors: ["identity-unknown", "key-malformed", "key-registered", "key-unsuitable"],
  handle: ({ controller, principal, input }) => addKeys(controller, principal, input),
});

const retire = defineRoute({
  method: "DELETE",
  path: `${path}/{key}`,
  id: "retireKey",
  summary: "Ends a key; what it signed still counts",
  access: "principal",
  input: z.object({ principal: principalName, key: keyStart }),
  answer,
  errors: ["identity-last-admin", "identity-last-key", "key-unregistered"],
  handle: ({ controller, principal, input }) => retireKey(controller, principal, input),
});

const succeed = defineRoute({
  method: "POST",
  path: "/api/v1/principal/keys/{key}/successor",
  id: "succeedKey",
  summary: "Registers a new key of one's own that is to take the place of an old one; both have signed that",
  access: "principal",
  input: z.object({ key: keyStart, pem: z.string().max(4096), proof: jwt, agreed: jwt }),
  answer,
  errors: [
    "assertion-invalid",
    "controller-mismatch",
    "key-malformed",
    "key-registered",
    "key-unregistered",
    "key-unsuitable",
  ],
  handle: ({ controller, principal, input }) => succeedKey(controller, principal, input),
});

export const keyRoutes: readonly AnyRoute[] = [add, retire, succeed];
