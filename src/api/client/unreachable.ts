import { IngotError } from "../../ground/error.ts";

/** Why a request got no answer: what the system or TLS says, in a sentence, and what to do about it. */
export function unreachable(url: string, cause: unknown): IngotError {
  const [why, hint] = explain(cause, url);
  return new IngotError("controller-unreachable", `the controller at ${url} cannot be reached: ${why}`, {
    hint,
    cause,
  });
}

type Explained = readonly [why: string, hint: string];

function explain(thrown: unknown, url: string): Explained {
  const cause = rootOf(thrown);
  const code = "code" in cause ? String(cause.code) : "";
  const { host, hostname } = new URL(url);
  if (code === "ECONNREFUSED") return [`nothing listens on ${host}`, "start it there: ingot serve"];
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return [`there is no host ${hostname}, or it cannot be looked up`, "check the address: ingot login URL"];
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return [`its certificate is not for the name ${hostname}`, "use the name that it is for: ingot login https://NAME"];
  if (code === "CERT_HAS_EXPIRED")
    return ["its certificate has expired", "put a new one in place: tls in controller.yaml"];
  if (untrusted.has(code))
    return ["its certificate is of an authority that this machine does not know", `ingot login ${url} --ca FILE`];
  if (code === "EPROTO" || code.startsWith("HPE_") || code.startsWith("ERR_SSL_"))
    return ["it does not speak this protocol", "is it https, or plain http? check the address: ingot login URL"];
  if (brokenOff.has(code))
    return ["it broke off", `is it being started again? run the same command again${orTls(url)}`];
  return [cause.message, "is `ingot serve` running there? `ingot login URL` names another one"];
}

/** What speaks TLS alone hangs up on whoever does not. */
function orTls(url: string): string {
  return url.startsWith("http:") ? `; does it speak https? ingot login ${url.replace(/^http:/, "https:")}` : "";
}

const untrusted: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const brokenOff: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** What `fetch` throws has the reason below it, where several addresses were tried one for each. */
function rootOf(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  if (thrown instanceof AggregateError && thrown.errors[0] instanceof Error) return rootOf(thrown.errors[0]);
  return thrown.cause instanceof Error ? rootOf(thrown.cause) : thrown;
}
