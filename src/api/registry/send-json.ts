import type { RegistryCall } from "./call.ts";

/** Answers 200 with a document. */
export function sendJson(
  { request, response }: RegistryCall,
  document: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length, ...headers });
  response.end(request.method === "HEAD" ? undefined : body);
}
