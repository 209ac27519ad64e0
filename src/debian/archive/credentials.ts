import { IngotError } from "../../ground/error.ts";

/** A URI as fetch takes it, and the header that its user and password become (RFC 7617). */
export function splitCredentials(uri: string): {
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const url = new URL(uri);
  if (url.username === "" && url.password === "") return { uri, headers: {} };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = "";
  url.password = "";
  return { uri: url.href, headers: { authorization: `Basic ${Buffer.from(login).toString("base64")}` } };
}

/** Text without the user and password of any URI in it. */
export function hideCredentials(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s/@]+@/g, "$1");
}

/**
 * Runs `work` and takes credentials out of the error that it throws: private mirrors have them in their URIs, and
 * messages go into logs. A cause that may repeat them is dropped with them.
 */
export async function withoutCredentials<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const message = hideCredentials(error.message);
    const details = error.details.map(hideCredentials);
    const hint = error.hint === undefined ? {} : { hint: hideCredentials(error.hint) };
    const isClean = message === error.message && details.every((line, index) => line === error.details[index]);
    if (isClean && hint.hint === error.hint) throw error;
    throw new IngotError(error.code, message, { details, ...hint });
  }
}
