/** Takes out of a capture what must not be in it: whoever may read captures is not whoever may read secrets. */
export type Redactor = {
  /** The same bytes with every known value covered by `*`: nothing moves. The same buffer where there was none. */
  readonly bytes: (content: Buffer) => Buffer;
  readonly text: (text: string) => string;
  /** `NAME=value` … of a process: values whose name says that they are secret are not there at all. */
  readonly environment: (variables: readonly string[]) => Readonly<Record<string, string>>;
  /** Words of a command: `--password=x` and `https://user:x@host` without the x. */
  readonly command: (words: readonly string[]) => readonly string[];
  /** The longest value that is looked for, in bytes: where content was cut, the beginning of one may be left at its end. */
  readonly longest: number;
  readonly count: () => number;
};

/** A value of less than so many bytes is part of too much else. */
export const shortestSecret = 6;
/** A line of a secret of several, as of a key in PEM. */
const shortestLine = 16;
const covered = "[redacted]";

/** By names as people give them: DB_PASSWORD, API_KEY, AWS_SECRET_ACCESS_KEY, SESSION_SIGNATURE, DATABASE_URL … */
const secretName =
  /pass|pwd|secret|token|key|credential|auth|private|cookie|session|signature|salt|bearer|jwt|certificate|dsn|(?:database|redis|mongo|amqp|broker|connection)_?(?:url|uri|string)/i;
// Each part of these patterns is bounded. Attack: a command line of a hundred thousand letters, on which an unbounded one takes minutes.
/** RFC 3986, section 3.2.1: what is before the @ of an address. */
const userInformation = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,256}:)[^\s/@]{1,1024}@/gi;
/** `token=x`, `"api_key": "x"`, in the middle of whatever else. */
const assignment =
  /((?:passw(?:or)?d|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)[a-z0-9_-]{0,32}["']?\s{0,4}[:=]\s{0,4}["']?)([^\s"'&,;[\]{}]{1,4096})/gi;
const longestOption = 128;

/** `secrets`: the contents of the instance's declared secrets. Each is also looked for as it may be written elsewhere: trimmed, by its lines, in base64, hexadecimal and percent-encoding. */
export function makeRedactor(secrets: readonly Buffer[]): Redactor {
  const values = [...new Set(secrets.flatMap(formsOf))].map((form) => Buffer.from(form, "latin1"));
  let count = 0;
  const bytes = (content: Buffer): Buffer => {
    let result = content;
    for (const value of values) {
      for (let at = content.indexOf(value); at !== -1; at = content.indexOf(value, at + value.length)) {
        if (result === content) result = Buffer.from(content);
        result.fill("*", at, at + value.length);
        count += 1;
      }
    }
    return result;
  };
  const text = (plain: string): string => {
    const content = Buffer.from(plain);
    const result = bytes(content);
    return (result === content ? plain : result.toString())
      .replace(userInformation, (_, before: string) => `${before}${cover()}@`)
      .replace(assignment, (_, before: string) => `${before}${cover()}`);
  };
  const cover = (): string => {
    count += 1;
    return covered;
  };
  return {
    bytes,
    text,
    environment: (variables) =>
      Object.fromEntries(
        variables.map((variable) => {
          const at = variable.indexOf("=");
          const [name, value] = at < 0 ? [variable, ""] : [variable.slice(0, at), variable.slice(at + 1)];
          return [text(name), secretName.test(name) && value !== "" ? cover() : text(value)];
        }),
      ),
    command: (words) => words.map((word, index) => redactWord(word, { before: words[index - 1], text, cover })),
    longest: Math.max(0, ...values.map(({ length }) => length)),
    count: () => count,
  };
}

type Way = {
  readonly before: string | undefined;
  readonly text: (text: string) => string;
  readonly cover: () => string;
};

/** `--password x` has the value in the next word. */
function redactWord(word: string, { before, text, cover }: Way): string {
  const at = word.indexOf("=");
  if (at > 0 && isSecretOption(word.slice(0, at))) return `${word.slice(0, at)}=${cover()}`;
  const isValue = before !== undefined && isSecretOption(before) && !word.startsWith("-");
  return isValue ? cover() : text(word);
}

function isSecretOption(word: string): boolean {
  return word.length <= longestOption && /^--?[a-z0-9_-]+$/i.test(word) && secretName.test(word);
}

function formsOf(secret: Buffer): readonly string[] {
  const whole = secret.toString("latin1");
  const trimmed = whole.trim();
  const lines = trimmed.split(/\r?\n/).filter((line) => line.length >= shortestLine);
  const plain = Buffer.from(trimmed, "latin1");
  const encoded = ["base64", "base64url", "hex"].map((encoding) => plain.toString(encoding as BufferEncoding));
  const forms = [whole, trimmed, ...lines, ...encoded.map((form) => form.replace(/=+$/, "")), percentEncoded(plain)];
  return forms.filter((form) => form.length >= shortestSecret && trimmed.length >= shortestSecret);
}

function percentEncoded(content: Buffer): string {
  return [...content]
    .map((byte) => String.fromCodePoint(byte))
    .map((character) =>
      /[A-Za-z0-9._~-]/.test(character)
        ? character
        : `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}
