import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../src/ground/atomic-file.ts";
import { isErrno } from "../../src/ground/error.ts";
import type { AptAnswer, AptQuestion, IsolatedApt } from "./isolated-apt.ts";

/**
 * Remembers apt's answers for as long as its lists and apt itself stay the same, so that a second test run need not ask again. On a new machine,
 * and after every change of the archive, the answers are apt's own.
 */
export class AptAnswers {
  readonly #apt: IsolatedApt;
  readonly #fingerprint: string;
  asked = 0;

  private constructor(apt: IsolatedApt, fingerprint: string) {
    this.#apt = apt;
    this.#fingerprint = fingerprint;
  }

  static async of(apt: IsolatedApt): Promise<AptAnswers> {
    return new AptAnswers(apt, await apt.fingerprint());
  }

  async plan(question: AptQuestion): Promise<AptAnswer> {
    const key = createHash("sha256")
      .update(JSON.stringify([this.#fingerprint, question]))
      .digest("hex");
    const path = join(this.#apt.folder, "answers", key);
    const known = readIfThere(path);
    if (known) return known;
    this.asked += 1;
    const answer = await this.#apt.plan(question);
    writeFileAtomic(path, JSON.stringify(answer), { durable: false });
    return answer;
  }
}

function readIfThere(path: string): AptAnswer | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as AptAnswer;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
