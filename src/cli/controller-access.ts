import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Login } from "./sign-in/login-file.ts";
import type { Issued, Wanted } from "./sign-in/request-token.ts";
import { readLogins } from "./sign-in/login-file.ts";
import { parseControllerUrl } from "./sign-in/parse-controller-url.ts";

/** Which controller is meant: INGOT_URL, else the one that was logged in to last. Throws `not-logged-in`, `login-insecure`. */
export function findController(ctx: Pick<Context, "env" | "home">): { readonly url: string } {
  const url = chosenController(ctx);
  if (url !== undefined) return { url };
  throw new IngotError("not-logged-in", "nothing says which controller is meant", {
    hint: "ingot login URL, or set INGOT_URL and INGOT_TOKEN",
  });
}

/**
 * An access token for it: INGOT_TOKEN, else one that was given before and is still good, else a new one, for INGOT_ID_TOKEN or by the key in `keys/identity.key`, whose passphrase is
 * asked for. Never print one but where somebody asked for it. Throws `not-logged-in`, and what the controller answers.
 */
export async function tokenFor(
  ctx: Context,
  wanted: Wanted = {},
): Promise<{ readonly url: string; readonly token: string }> {
  const { url } = findController(ctx);
  const { environment, lifetime } = wanted;
  const given = ctx.env.INGOT_TOKEN;
  if (given !== undefined && given !== "") {
    if (environment === undefined && lifetime === undefined) return { url, token: given };
    const { requestToken } = await import("./sign-in/request-token.ts");
    return { url, ...(await requestToken(ctx, url, { grant: "token", token: given, ...wanted })) };
  }
  const { cachedToken, cacheToken } = await import("./sign-in/token-cache.ts");
  const login = readLogins(ctx).find((one) => one.url === url);
  const place = { url, principal: login?.principal ?? "", ...(environment === undefined ? {} : { environment }) };
  const cached = lifetime === undefined ? cachedToken(ctx, place) : undefined;
  if (cached !== undefined) return { url, token: cached };
  const issued = await signIn(ctx, { url, login, wanted });
  // One of a length that somebody chose is for somebody else.
  if (lifetime === undefined) cacheToken(ctx, place, issued);
  return { url, token: issued.token };
}

/** Name and password for a registry that is the controller; undefined for every other. */
export async function registryLogin(
  ctx: Context,
  registry: string,
): Promise<{ readonly username: string; readonly password: string } | undefined> {
  const url = chosenController(ctx);
  if (url === undefined || new URL(url).host !== registry) return undefined;
  const { token } = await tokenFor(ctx);
  return { username: "token", password: token };
}

/** The controller that commands speak to; undefined where nobody logged in to one. */
export function knownController(ctx: Pick<Context, "env" | "home">): string | undefined {
  return chosenController(ctx);
}

/** The address of a registry that is a controller of INGOT_URL or of a login; undefined for every other. */
export function controllerUrl(ctx: Pick<Context, "env" | "home">, registry: string): string | undefined {
  const known = [chosenController(ctx), ...readLogins(ctx).map(({ url }) => url)];
  return known.find((url) => url !== undefined && new URL(url).host === registry);
}

function chosenController(ctx: Pick<Context, "env" | "home">): string | undefined {
  const given = ctx.env.INGOT_URL;
  return given === undefined || given === "" ? readLogins(ctx)[0]?.url : parseControllerUrl(given);
}

async function signIn(
  ctx: Context,
  { url, login, wanted }: { readonly url: string; readonly login: Login | undefined; readonly wanted: Wanted },
): Promise<Issued> {
  const { findIdToken, requestByIdToken, requestByKey } = await import("./sign-in/request-token.ts");
  const idToken = findIdToken(ctx, login?.tokenFile);
  if (idToken !== undefined && idToken !== "") return requestByIdToken(ctx, url, { idToken, ...wanted });
  if (login?.by === "key") return requestByKey(ctx, login, wanted);
  throw new IngotError("not-logged-in", `nothing says how to sign in at ${url}`, {
    hint: `ingot login ${url}; in CI: INGOT_ID_TOKEN or INGOT_TOKEN`,
  });
}
