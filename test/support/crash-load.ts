import { randomBytes, randomInt } from "node:crypto";
import { statementKinds } from "../../src/evidence/evidence.ts";
import type { Signer } from "../../src/evidence/keys/signer.ts";
import { signBundle } from "../../src/evidence/statement/bundle.ts";
import { formatStatement } from "../../src/evidence/statement/statement.ts";
import { IngotError } from "../../src/ground/error.ts";
import { makeIdentityKey, type Person } from "./controller-session.ts";
import { makeImage, pushImage, pushStatement, UnexpectedAnswer, type MadeImage } from "./registry-push.ts";

/** What a controller said that is done. */
export type Acknowledged = {
  readonly images: MadeImage[];
  /** By the manifest that attaches them. */
  readonly statements: { readonly manifest: string; readonly image: MadeImage }[];
  readonly identities: string[];
  readonly environments: string[];
};

export type Crew = {
  readonly admin: Person;
  readonly ci: Person;
  readonly approver: Person;
  readonly builderKey: Signer;
  readonly approverKey: Signer;
  /** Of the environment `production`. */
  readonly policyDigest: string;
};

/** One thing that a client wants done; `run` may be called again when nobody knows whether it was. */
type Wish = { readonly run: () => Promise<void> };

/** Clients that do not give up: what was cut off by a kill is sent again to the next process. */
export class CrashLoad {
  readonly acknowledged: Acknowledged = { images: [], statements: [], identities: [], environments: [] };
  /** Answers that no crash explains. */
  readonly wrong: string[] = [];
  readonly #crew: Crew;
  readonly #again: Wish[] = [];
  #count = 0;

  constructor(crew: Crew) {
    this.#crew = crew;
  }

  /** Runs `clients` at the same time, until `isDown`. */
  async run(clients: number, isDown: () => boolean): Promise<void> {
    await Promise.all(Array.from({ length: clients }, () => this.#runClient(isDown)));
  }

  async #runClient(isDown: () => boolean): Promise<void> {
    while (!isDown()) {
      const wish = this.#again.shift() ?? (await this.#wish());
      try {
        await wish.run();
      } catch (error) {
        this.#again.push(wish);
        if (isAnswer(error)) this.wrong.push(String(error));
        // The process is dead, or dying, and the test is about to know.
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async #wish(): Promise<Wish> {
    const number = this.#count++;
    const { images } = this.acknowledged;
    const image = images[randomInt(Math.max(1, images.length))];
    const kind = image === undefined ? 0 : randomInt(10);
    if (image === undefined || kind < 3) return this.#imageWish(number);
    if (kind < 5) return this.#statementWish(image);
    if (kind < 7) return this.#approvalWish(image);
    return kind < 9 ? this.#identityWish(number) : this.#policyWish(number);
  }

  #imageWish(number: number): Wish {
    const image = makeImage(`shop/app${number % 5}`, `t${number}`, randomBytes(randomInt(100, 200_000)));
    return {
      run: async () => {
        await pushImage(this.#crew.ci, image);
        this.acknowledged.images.push(image);
      },
    };
  }

  async #statementWish(image: MadeImage): Promise<Wish> {
    const { ci, builderKey } = this.#crew;
    // Each is another one, however often the same image is chosen.
    const predicate = { note: randomBytes(8).toString("hex") };
    const bundle = await signBundle(
      formatStatement({ image: image.digest }, { ...statementKinds.signature, predicate }),
      builderKey,
    );
    return {
      run: async () => {
        const manifest = await pushStatement(ci, image, bundle);
        this.acknowledged.statements.push({ manifest, image });
      },
    };
  }

  async #approvalWish(image: MadeImage): Promise<Wish> {
    const { approver, approverKey } = this.#crew;
    const statement = formatStatement(
      { image: image.digest },
      { ...statementKinds.approval, predicate: approvalOf(this.#crew) },
    );
    const bundle = (await signBundle(statement, approverKey)).toString();
    let wasSent = false;
    return {
      run: async () => {
        const order = { image: `${image.repository}:${image.tag}`, bundle };
        try {
          const { manifest } = await approver.api.post<{ readonly manifest: string }>("/api/v1/approvals", order);
          this.acknowledged.statements.push({ manifest, image });
        } catch (error) {
          // Meanwhile another client sent a newer word of the same person about the same image, which stands.
          if (!wasSent || !(error instanceof IngotError) || error.code !== "approval-refused") throw error;
        } finally {
          wasSent = true;
        }
      },
    };
  }

  #identityWish(number: number): Wish {
    const principal = `user:person-${number}`;
    const keys = [{ pem: makeIdentityKey().pem, use: "identity" }];
    const body = { principal, roles: ["auditor"], groups: [], emails: [], keys };
    let wasSent = false;
    return {
      run: async () => {
        try {
          await this.#crew.admin.api.post("/api/v1/identities", body);
        } catch (error) {
          // The answer to the first time was lost with the process that gave it.
          if (!wasSent || !(error instanceof IngotError) || error.code !== "identity-exists") throw error;
        } finally {
          wasSent = true;
        }
        this.acknowledged.identities.push(principal);
      },
    };
  }

  #policyWish(number: number): Wish {
    const environment = `e${number}`;
    return {
      run: async () => {
        await this.#crew.admin.api.post("/api/v1/policies", { policies: [{ environment, approvals: 1, files: [] }] });
        this.acknowledged.environments.push(environment);
      },
    };
  }
}

function approvalOf({ approver, policyDigest }: Crew): object {
  const now = Date.now();
  return {
    approver: approver.principal,
    decision: "approve",
    environment: "production",
    controller: approver.api.url,
    policyDigest,
    reviewed: [],
    created: new Date(now).toISOString(),
    expires: new Date(now + 86_400_000).toISOString(),
    reason: "looks right",
    nonce: randomBytes(16).toString("hex"),
  };
}

/** Of a controller that lives; what is no answer is a connection that ended. */
function isAnswer(error: unknown): boolean {
  return error instanceof UnexpectedAnswer || (error instanceof IngotError && error.code !== "controller-unreachable");
}
