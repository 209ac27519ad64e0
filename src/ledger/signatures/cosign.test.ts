/** Stock cosign verifies what our signature log holds, offline and with no insecure flag, and refuses it when the proof was tampered with. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { cosignSkip as skip, makeCosignWorld, type CosignAnswer } from "../../../test/support/cosign-world.ts";
import { statementKinds, type StatementKind } from "../../evidence/evidence.ts";
import { bundleAnnotations } from "../../evidence/statement/bundle.ts";
import { attachRaw, makeSigner, statementAbout } from "../../evidence/statement/statement.fixture.ts";
import { processContext } from "../../ground/context.ts";
import { openStore } from "../../oci/layout.ts";
import { copyImage, parseTransport } from "../../oci/oci.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { verifierKey } from "../log/log-key.ts";
import type { Log } from "../log/log.ts";
import { openLog } from "../log/open-log.ts";
import { signAndLog, spoil } from "./signatures.fixture.ts";
import type { TransparencyLogEntry } from "./transparency-log-entry.ts";
import { trustedRoot } from "./trusted-root.ts";
import { withLogEntry } from "./with-log-entry.ts";

const baseUrl = "https://ingot.example:8443";

/** Which bundles an image of a test gets, of the one that was signed and its entry. */
type Attach = (plain: Buffer, entry: TransparencyLogEntry) => readonly Buffer[];

type Place = {
  readonly log: Log;
  /** A new image in the registry with one statement of a kind; its reference. */
  readonly push: (kind: StatementKind, attach: Attach) => Promise<string>;
  /** cosign's exit code and what it printed. `trust`: the name of a trusted root. */
  readonly verify: (
    reference: string,
    how?: { readonly type?: string; readonly trust?: string },
  ) => Promise<CosignAnswer>;
};

const ends: (() => unknown)[] = [];
let made: Promise<Place> | undefined;

/** One registry and log for all tests: each pushes images of its own. */
const place = (): Promise<Place> => (made ??= makePlace({ after: (end) => void ends.push(end) }));

after(async () => {
  for (const end of ends.toReversed()) await end();
});

async function makePlace(t: { readonly after: (end: () => unknown) => void }): Promise<Place> {
  const { folder, host, run } = await makeCosignWorld(t);
  const secret = generateKeyPairSync("ed25519").privateKey;
  const log = await openLog({ folder: join(folder, "log"), key: { name: "ingot.example", secret } });
  t.after(() => log.close());
  const signer = makeSigner("builder");
  writeFileSync(join(folder, "k.pub"), signer.key.pem);
  const foreign = verifierKey({ name: "ingot.example", secret: generateKeyPairSync("ed25519").privateKey });
  for (const [name, key] of Object.entries({ ours: log.verifierKey, foreign })) {
    const root = trustedRoot({ baseUrl, keys: [{ verifierKey: key, from: new Date("2026-01-01") }] });
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(root));
  }
  // Nothing but loopback is reachable for it, and it has no roots of its own.
  const proxy = "http://127.0.0.1:1";
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
  const ctx = processContext({ home: join(folder, "home"), cwd: folder, env });
  const layout = openStore(ctx);
  let images = 0;
  return {
    log,
    push: async (kind, attach) => {
      const name = `shop/web${(images += 1)}`;
      const image = putTinyImage(layout, { text: name });
      await layout.setReference(name, image);
      const { predicateType } = statementKinds[kind];
      const { bundle, entry } = await signAndLog(log, statementAbout(image, { predicateType }), signer);
      const annotations = {
        [bundleAnnotations.content]: "dsse-envelope",
        [bundleAnnotations.predicateType]: predicateType,
      };
      for (const one of attach(bundle, entry)) await attachRaw({ layout, image }, one, { annotations });
      await copyImage(ctx, { from: parseTransport(name), to: parseTransport(`${host}/${name}:1`) });
      return `${host}/${name}@${image.digest}`;
    },
    verify: (reference, { type, trust = "ours" } = {}) => {
      const command = type === undefined ? ["verify"] : ["verify-attestation", "--type", type];
      const args = [...command, "--key", "k.pub", "--trusted-root", `${trust}.json`, reference];
      return run(args, env);
    },
  };
}

const logged: Attach = (plain, entry) => [withLogEntry(plain, entry)];
/** What the controller makes of a push: the bundle that was pushed stays, and the logged one is put beside it. */
const both: Attach = (plain, entry) => [plain, withLogEntry(plain, entry)];

test(
  "cosign verifies a signature and an attestation that are in the log, offline and with no insecure flag",
  { skip },
  async () => {
    const { push, verify } = await place();
    const signed = await verify(await push("signature", logged));
    assert.equal(signed.code, 0, signed.stderr);
    assert.match(signed.stderr, /Existence of the claims in the transparency log was verified offline/);
    const attested = await verify(await push("provenance", both), { type: "slsaprovenance1" });
    assert.equal(attested.code, 0, attested.stderr);
    // One of the two, not both: the other is no proof.
    assert.equal(attested.stdout.trim().split("\n").length, 1);
  },
);

test(
  "cosign refuses a bundle without its place in the log, and one in a log that it was not told of",
  { skip },
  async () => {
    const { push, verify } = await place();
    const plain = await verify(await push("signature", (bundle) => [bundle]));
    assert.notEqual(plain.code, 0);
    assert.match(plain.stderr, /not enough verified log entries/);
    assert.notEqual((await verify(await push("signature", both), { trust: "foreign" })).code, 0);
  },
);

test(
  "cosign refuses a bundle whose proof was tampered with, also beside the one that was pushed",
  { skip },
  async () => {
    const { push, verify } = await place();
    let before: TransparencyLogEntry | undefined;
    const reference = await push("signature", (plain, entry) => {
      before = entry;
      return both(plain, entry);
    });
    assert.equal((await verify(reference)).code, 0);
    const other = before;
    assert.ok(other);
    // The other parts are spoilt in signatures.test.ts: each run of cosign costs a tenth of a second.
    for (const part of ["a hash of the proof", "the checkpoint's signature"] as const) {
      const result = await verify(await push("signature", (plain, entry) => both(plain, spoil(entry, part))));
      assert.notEqual(result.code, 0, part);
    }
    const ofAnother = await verify(await push("signature", (plain) => both(plain, other)));
    assert.notEqual(ofAnother.code, 0, "the entry of another signature");
  },
);
