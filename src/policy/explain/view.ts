import { unknownImage, toImageRecord, type ImageRecord } from "../facts/image-record.ts";
import { findStanding, type StandingWords } from "../facts/standing.ts";
import type { ImageFacts, Request } from "../policy.ts";

/** All that a sentence about a decision may speak of. */
export type DecisionView = {
  readonly request: Request;
  readonly environment: { readonly name: string; readonly approvals: number };
  readonly facts: ImageFacts;
  readonly image: ImageRecord;
  readonly words: StandingWords;
};

export function viewOf(request: Request): DecisionView {
  const environment = request.environment ?? { name: "", approvals: 0 };
  const facts = request.image ?? unknownImage;
  const asked = { environment: environment.name, now: request.now };
  return { request, environment, facts, image: toImageRecord(facts, asked), words: findStanding(facts, asked) };
}
