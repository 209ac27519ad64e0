import type { IncomingHttpHeaders } from "node:http";
import { IngotError } from "../../ground/error.ts";

/**
 * Whether a chunk goes on where the upload is (distribution-spec, "Pushing a blob in chunks"); without `Content-Range` it does. Returns its size where it is declared. Throws
 * `upload-invalid`.
 */
export function checkContentRange(headers: IncomingHttpHeaders, size: number): number | undefined {
  const declared = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  const header = headers["content-range"];
  if (header === undefined) return declared;
  const [, from, to] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header) ?? [];
  if (from === undefined || to === undefined)
    throw invalid(`expected a Content-Range as 0-99, got ${JSON.stringify(header.slice(0, 60))}`);
  const [first, last] = [Number(from), Number(to)];
  if (first !== size) throw invalid(`expected a chunk from byte ${size} on, got one from ${first}`);
  const length = last - first + 1;
  if (declared !== undefined && declared !== length)
    throw invalid(`a chunk of ${header} has ${length} bytes, not ${declared}`);
  return length;
}

function invalid(message: string): IngotError {
  return new IngotError("upload-invalid", message, { hint: "GET the upload's address: it says how far it got" });
}
