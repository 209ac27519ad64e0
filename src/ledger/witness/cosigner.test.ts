/** A real log that asks real witnesses over HTTP. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { checkSignatures, parseNote } from "../log/note.ts";
import { openLog, type OpenLog } from "../log/open-log.ts";
import { verifierKey } from "../log/log-key.ts";
import { parseVerifierKey } from "../log/verifier-key.ts";
import { cosignatureLine, witnessVerifierKey } from "./cosignature.ts";
import { openCosigner } from "./cosigner.ts";
import { makeFolder, makeKey, startWitness } from "./witness.fixture.ts";

const logKey = makeKey("log.example/events");
const log = { origin: logKey.name, verifierKey: verifierKey(logKey) };
const timeout = 400;

type World = {
  /** Starts witness 1, 2 or 3, or starts it again, at the same port. */
  readonly start: (number: number) => Promise<() => Promise<void>>;
  readonly known: { url: string; key: string }[];
};

/** Three witnesses, each with its key, folder and port. */
async function makeWitnesses(t: TestContext): Promise<World> {
  const setups = [1, 2, 3].map((number) => ({
    key: makeKey(`witness.example/w${number}`),
    folder: makeFolder(t),
    port: 0,
  }));
  const known: World["known"] = [];
  const start: World["start"] = async (number) => {
    const setup = setups[number - 1];
    assert.ok(setup);
    const served = await startWitness(t, log, setup);
    setup.port = Number(new URL(served.url).port);
    known[number - 1] = { url: served.url, key: served.verifierKey };
    return served.close;
  };
  return { start, known };
}

async function openAt(folder: string, cosign: ReturnType<typeof openCosigner>): Promise<OpenLog> {
  return openLog({ folder, key: logKey, cosign });
}

async function failure(work: Promise<unknown>): Promise<IngotError> {
  const error: unknown = await work.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof IngotError, String(error));
  return error;
}

/** Who signed the newest checkpoint rightly. */
function signersOf({ checkpoint }: OpenLog, known: World["known"]): readonly string[] {
  const { note } = checkpoint();
  const keys = known.map(({ key }) => parseVerifierKey(key, "a key"));
  return checkSignatures(parseNote(note, "the note"), keys, "the note").map(({ name }) => name);
}

test("a log that needs two of three witnesses goes on with one dead, stops with two dead and says which, and loses nothing", async (t) => {
  const { start, known } = await makeWitnesses(t);
  const [stopFirst, stopSecond] = [await start(1), await start(2)];
  const stopThird = await start(3);
  const opened = await openAt(join(makeFolder(t), "log"), openCosigner({ required: 2, known }, { timeout }));
  await opened.append([Buffer.from("with three")]);
  assert.ok(signersOf(opened, known).length >= 2);
  await stopFirst();
  await opened.append([Buffer.from("with two")]);
  assert.deepEqual(signersOf(opened, known).toSorted(), ["witness.example/w2", "witness.example/w3"]);
  await stopSecond();
  const inDoubt = await failure(opened.append([Buffer.from("with one")]));
  // The third one has recorded it: the log must offer this very checkpoint again.
  assert.equal(inDoubt.code, "witness-in-doubt");
  assert.match(inDoubt.message, /2 witnesses must cosign, 1 did; not witness.example\/w1, witness.example\/w2/);
  assert.match(inDoubt.details.join("\n"), /w1 \(http.*ECONNREFUSED/);
  assert.equal(opened.checkpoint().size, 2);
  // Also when the third is gone since: what it cosigned counts, and what it may have recorded is not forgotten.
  await stopThird();
  assert.equal((await failure(opened.append([Buffer.from("with none")]))).code, "witness-in-doubt");
  await start(1);
  // What the third had said and what the first says now are two: that settles the one in doubt, and the next needs two that live.
  assert.equal((await failure(opened.append([Buffer.from("with one again")]))).code, "witness-in-doubt");
  assert.equal(opened.checkpoint().size, 3);
  assert.equal(String(opened.readEntry(2)), "with one");
  await start(3);
  await opened.append([]);
  await opened.append([Buffer.from("in the end")]);
  assert.ok(signersOf(opened, known).length >= 2);
  await opened.close();
});

test("with no witness to be reached nothing is recorded, and the log takes up again when they are back", async (t) => {
  const { start, known } = await makeWitnesses(t);
  for (const stop of [await start(1), await start(2)]) await stop();
  const opened = await openAt(join(makeFolder(t), "log"), openCosigner({ required: 1, known }, { timeout }));
  const error = await failure(opened.append([Buffer.from("lost")]));
  assert.equal(error.code, "witness-unreachable");
  assert.equal(error.details.length, 2);
  await start(1);
  await opened.append([Buffer.from("kept")]);
  assert.equal(String(opened.readEntry(0)), "kept");
  assert.equal(opened.checkpoint().size, 1);
  await opened.close();
});

test("a witness that fell behind, and one that is new, is brought up to date", async (t) => {
  const { start, known } = await makeWitnesses(t);
  const stop = await start(1);
  const folder = join(makeFolder(t), "log");
  const alone = await openAt(folder, openCosigner({ required: 1, known: [...known] }, { timeout }));
  for (const entry of ["a", "b", "c", "d", "e"]) await alone.append([Buffer.from(entry)]);
  await stop();
  await start(1);
  await start(2);
  await alone.close();
  const both = await openAt(folder, openCosigner({ required: 2, known }, { timeout }));
  await both.append([Buffer.from("f")]);
  assert.equal(signersOf(both, known).length, 2);
  await both.close();
});

test("a log that was put back to an earlier state is told that it forks, and cannot go on", async (t) => {
  const { start, known } = await makeWitnesses(t);
  await start(1);
  const folder = join(makeFolder(t), "log");
  const cosign = (): ReturnType<typeof openCosigner> => openCosigner({ required: 1, known }, { timeout });
  const opened = await openAt(folder, cosign());
  await opened.append([Buffer.from("a")]);
  cpSync(folder, `${folder}-old`, { recursive: true });
  for (const entry of ["b", "c"]) await opened.append([Buffer.from(entry)]);
  await opened.close();
  const back = await openAt(`${folder}-old`, cosign());
  const smaller = await failure(back.append([Buffer.from("X")]));
  assert.equal(smaller.code, "log-forked");
  assert.match(smaller.message, /it has cosigned 3 entries of this log, which now has 2/);
  await back.close();
  // Of the same size as what was cosigned, but other entries.
  cpSync(folder, `${folder}-other`, { recursive: true });
  await start(2);
  const first = known.slice(0, 1);
  const onward = await openAt(folder, openCosigner({ required: 1, known: first }, { timeout }));
  await onward.append([Buffer.from("d")]);
  await onward.close();
  const other = await openAt(`${folder}-other`, openCosigner({ required: 1, known: first }, { timeout }));
  assert.equal((await failure(other.append([Buffer.from("D")]))).code, "log-forked");
  await other.close();
});

test("when enough others cosign, a witness that has another history on record is still told of", async (t) => {
  const { start, known } = await makeWitnesses(t);
  await start(1);
  const folder = join(makeFolder(t), "log");
  const opened = await openAt(folder, openCosigner({ required: 1, known: [...known] }, { timeout }));
  cpSync(folder, `${folder}-other`, { recursive: true });
  for (const entry of ["a", "b"]) await opened.append([Buffer.from(entry)]);
  await opened.close();
  await start(2);
  const warnings: string[] = [];
  const told = Promise.withResolvers<undefined>();
  const warn = (text: string): void => {
    warnings.push(text);
    told.resolve(undefined);
  };
  const other = await openAt(`${folder}-other`, openCosigner({ required: 1, known }, { timeout, warn }));
  await other.append([Buffer.from("X")]);
  await told.promise;
  assert.match(warnings.join("\n"), /witness\.example\/w1 .*: it has cosigned 2 entries of this log, which now has 1/);
  await other.close();
});

test("a cosignature by another key, of another checkpoint, or none, does not count, and the log is not held up by a witness that says nothing", async (t) => {
  const witness = makeKey("witness.example/w1");
  const key = witnessVerifierKey(witness);
  let answer: (body: string) => string | undefined = () => undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const said = answer(Buffer.concat(chunks).toString());
      if (said !== undefined) response.end(said);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const known = [{ url: `http://127.0.0.1:${address.port}`, key }];
  const opened = await openAt(join(makeFolder(t), "log"), openCosigner({ required: 1, known }, { timeout }));
  const textOf = (body: string): string => parseNote(body.slice(body.indexOf("\n\n") + 2), "it").text;
  const answers: ((body: string) => string | undefined)[] = [
    () => undefined,
    () => "",
    () => "nonsense",
    () => "x".repeat(1 << 20),
    (body) => cosignatureLine(makeKey(witness.name), textOf(body), new Date()),
    (body) => cosignatureLine(witness, textOf(body).replace("\n1\n", "\n2\n"), new Date()),
    (body) => cosignatureLine({ ...witness, name: "witness.example/w9" }, textOf(body), new Date()),
  ];
  for (const one of answers) {
    answer = one;
    assert.equal((await failure(opened.append([Buffer.from("a")]))).code, "witness-in-doubt");
  }
  assert.equal(opened.checkpoint().size, 0);
  answer = (body) => cosignatureLine(witness, textOf(body), new Date());
  await opened.append([]);
  assert.equal(opened.checkpoint().size, 1);
  await opened.close();
});

test("one witness counts once, and the key of a log is none of a witness", () => {
  const witness = makeKey("witness.example/w1");
  const key = witnessVerifierKey(witness);
  const again = witnessVerifierKey({ ...witness, name: "witness.example/w2" });
  const known = [key, again].map((one, number) => ({ url: `http://127.0.0.1:${number + 1}`, key: one }));
  assert.throws(() => openCosigner({ required: 2, known }), { code: "settings-malformed" });
  const url = "http://127.0.0.1:1";
  assert.throws(() => openCosigner({ required: 1, known: [{ url, key: verifierKey(witness) }] }), {
    code: "key-malformed",
  });
});
