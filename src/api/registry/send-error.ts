import type { IncomingMessage, ServerResponse } from "node:http";
import type { Settings } from "../../controller/settings.ts";
import type { ErrorCode } from "../../ground/error-codes.ts";
import type { IngotError } from "../../ground/error.ts";
import { asAnswerable } from "../answerable-error.ts";
import { statusOf } from "../error-answer.ts";
import { challengeFor } from "./challenge.ts";
import type { Endpoint } from "./endpoint.ts";

export type Failed = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly endpoint: Endpoint | undefined;
  readonly error: unknown;
};

/** Answers as distribution-spec, "Error Codes", has it. Most clients show only `message`, so that the next step is in there too. */
export function sendError(settings: Pick<Settings, "baseUrl">, { request, response, endpoint, error }: Failed): void {
  if (response.headersSent) {
    // A blob that breaks off must not look whole.
    response.destroy();
    return;
  }
  const known = asAnswerable(error);
  const { status, code } = answerOf(known.code);
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message: messageOf(known), detail: detailOf(known) }] }));
  const isAnonymous = status === 401;
  const challenge = challengeFor(settings, {
    endpoint,
    method: request.method,
    ...(known.code === "token-missing" ? {} : { error: "invalid_token" }),
  });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    ...(isAnonymous ? { "www-authenticate": challenge } : {}),
    ...(status === 429 ? { "retry-after": "5" } : {}),
    ...(request.complete || isShort(request) ? {} : { connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function isShort({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) <= 1 << 20;
}

function messageOf({ message, details, hint }: IngotError): string {
  const more = details.length === 0 ? "" : ` (${details.slice(0, mostDetails).join("; ")})`;
  return `${message}${more}${hint === undefined ? "" : `. Next: ${hint}`}`;
}

const mostDetails = 20;

function detailOf({ code, hint, details }: IngotError): object {
  return { code, details, ...(hint === undefined ? {} : { hint }) };
}

type Answer = { readonly status: number; readonly code: string };

function answerOf(code: ErrorCode): Answer {
  const known = answers[code];
  if (known !== undefined) return known;
  if (code.startsWith("token-") || code.startsWith("assertion-")) return { status: 401, code: "UNAUTHORIZED" };
  return { status: statusOf(code), code: "UNKNOWN" };
}

const answers: Readonly<Partial<Record<ErrorCode, Answer>>> = {
  "policy-denied": { status: 403, code: "DENIED" },
  "environment-unknown": { status: 403, code: "DENIED" },
  "repository-name-invalid": { status: 400, code: "NAME_INVALID" },
  "registry-request-unsupported": { status: 405, code: "UNSUPPORTED" },
  "request-malformed": { status: 400, code: "UNSUPPORTED" },
  "route-unknown": { status: 404, code: "NAME_UNKNOWN" },
  "repository-unknown": { status: 404, code: "NAME_UNKNOWN" },
  "manifest-unknown": { status: 404, code: "MANIFEST_UNKNOWN" },
  "manifest-malformed": { status: 400, code: "MANIFEST_INVALID" },
  "manifest-unsupported": { status: 400, code: "MANIFEST_INVALID" },
  "manifest-too-large": { status: 413, code: "MANIFEST_INVALID" },
  "manifest-parts-unknown": { status: 404, code: "MANIFEST_BLOB_UNKNOWN" },
  "statement-refused": { status: 400, code: "MANIFEST_INVALID" },
  "tag-immutable": { status: 409, code: "DENIED" },
  "image-in-use": { status: 409, code: "DENIED" },
  "blob-unknown": { status: 404, code: "BLOB_UNKNOWN" },
  // The state has it and the store lost it: pushed again, it is there again.
  "blob-missing": { status: 404, code: "BLOB_UNKNOWN" },
  "blob-mismatch": { status: 400, code: "DIGEST_INVALID" },
  "upload-unknown": { status: 404, code: "BLOB_UPLOAD_UNKNOWN" },
  "upload-invalid": { status: 416, code: "BLOB_UPLOAD_INVALID" },
  "upload-too-large": { status: 413, code: "SIZE_INVALID" },
  "upload-too-slow": { status: 408, code: "BLOB_UPLOAD_INVALID" },
  "registry-busy": { status: 429, code: "TOOMANYREQUESTS" },
};
