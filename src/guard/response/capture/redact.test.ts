import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRedactor } from "./redact.ts";

const secret = "correct horse/battery+staple";
const redactor = makeRedactor([Buffer.from(`${secret}\n`)]);
const stars = (text: string): string => "*".repeat(text.length);

test("a secret is covered in every form in which it may be written, and nothing moves", () => {
  const plain = Buffer.from(secret);
  const forms = [
    secret,
    plain.toString("hex"),
    plain.toString("base64url"),
    plain.toString("base64").replace(/=+$/, ""),
    encodeURIComponent(secret),
  ];
  for (const form of forms)
    assert.equal(redactor.bytes(Buffer.from(`a ${form} b`)).toString(), `a ${stars(form)} b`, form);
  const untouched = Buffer.from("nothing of it");
  assert.equal(redactor.bytes(untouched), untouched);
});

test("of a secret of several lines each line is covered", () => {
  const marker = (word: string): string => `-----${word} ${["PRIVATE", "KEY"].join(" ")}-----`;
  const pem = [marker("BEGIN"), "MIGHAgEAMBMGByqGSM49", "AgEGCCqGSM49AwEHBG0w", marker("END"), ""].join("\n");
  const found = makeRedactor([Buffer.from(pem)]).text("x AgEGCCqGSM49AwEHBG0w x");
  assert.equal(found, `x ${stars("AgEGCCqGSM49AwEHBG0w")} x`);
});

test("a secret that is too short to be looked for covers nothing else", () => {
  assert.equal(makeRedactor([Buffer.from("a\n"), Buffer.from("")]).text("a banana"), "a banana");
});

test("values of variables whose name says that they are secret are not there at all", () => {
  const variables = [
    "DB_PASSWORD=x",
    "API_KEY=y",
    "DATABASE_URL=z",
    "PATH=/bin",
    "EMPTY_TOKEN=",
    "odd",
    `NOTE=${secret}`,
  ];
  assert.deepEqual(redactor.environment(variables), {
    DB_PASSWORD: "[redacted]",
    API_KEY: "[redacted]",
    DATABASE_URL: "[redacted]",
    PATH: "/bin",
    EMPTY_TOKEN: "",
    odd: "",
    NOTE: stars(secret),
  });
});

test("passwords on command lines are covered, wherever they stand", () => {
  const command = [
    "app",
    "--password=x",
    "--token",
    "y",
    "--verbose",
    "z",
    "-key",
    "--next",
    "amqp://me:pw@host/",
    '{"api_key": "abc", "n": 1}',
    "https://h/?token=t&n=1",
  ];
  assert.deepEqual(redactor.command(command), [
    "app",
    "--password=[redacted]",
    "--token",
    "[redacted]",
    "--verbose",
    "z",
    "-key",
    "--next",
    "amqp://me:[redacted]@host/",
    '{"api_key": "[redacted]", "n": 1}',
    "https://h/?token=[redacted]&n=1",
  ]);
});

test("a megabyte that was made to be slow is not", { timeout: 20_000 }, () => {
  for (const part of ["a", "pass", "--pass", "token ", "a:", "://", "token:=", "http://a:"]) {
    const text = part.repeat((1 << 20) / part.length);
    redactor.command([text, `--${text}`, `${text}=`]);
    redactor.environment([`${text}=${text}`]);
  }
});
