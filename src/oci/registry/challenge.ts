/** What a registry asks for in `WWW-Authenticate` (RFC 9110 §11.6.1; distribution's token specification). */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** The strongest challenge that is understood; undefined when there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined;
  const bearer = /(?:^|,)\s*Bearer\s+(.*)$/is.exec(header)?.[1];
  const parameters = new Map(bearer === undefined ? [] : parseParameters(bearer));
  const realm = parameters.get("realm");
  if (realm !== undefined) {
    const [service, scope] = [parameters.get("service"), parameters.get("scope")];
    return {
      scheme: "bearer",
      realm,
      ...(service === undefined ? {} : { service }),
      ...(scope === undefined ? {} : { scope }),
    };
  }
  return /(?:^|,)\s*Basic\b/i.test(header) ? { scheme: "basic" } : undefined;
}

function* parseParameters(text: string): Generator<[string, string], void, undefined> {
  for (const match of text.matchAll(/([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    yield [(match[1] ?? "").toLowerCase(), match[2]?.replaceAll(/\\(.)/g, "$1") ?? match[3] ?? ""];
  }
}
