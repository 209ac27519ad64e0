import { IngotError } from "../../ground/error.ts";

/** A controller's address as its tokens name it: `https://ingot.example`. Throws `usage`, and `login-insecure` for plain HTTP to another machine. */
export function parseControllerUrl(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//.test(text) ? text : withScheme(text));
  const isPlain = url !== null && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  if (!isPlain || !["https:", "http:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
    throw new IngotError("usage", `expected the address of a controller, got ${JSON.stringify(text)}`, {
      hint: "such as https://ingot.example, without a path",
    });
  }
  if (url.protocol === "https:" || isLoopback(url.hostname)) return url.origin;
  // Attack: whoever is on the way reads the token and acts with it.
  throw new IngotError("login-insecure", `${url.origin} is neither https nor this machine`, {
    hint: `ingot login https://${url.host}; for a certificate of your own: --ca FILE`,
  });
}

/** On this machine a controller speaks plain HTTP unless it was given a certificate. */
function withScheme(text: string): string {
  const url = URL.parse(`http://${text}`);
  return url !== null && isLoopback(url.hostname) ? `http://${text}` : `https://${text}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
