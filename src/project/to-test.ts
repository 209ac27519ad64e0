import { defined } from "./defined.ts";
import type { TestDefinition } from "./definition.ts";
import { readDuration, readMode } from "./scalars.ts";
import type { WrittenTest } from "./test-schema.ts";

/** A test of exactly one kind, which `meaning/tests.ts` has made sure of. */
export function toTest(written: WrittenTest): TestDefinition {
  const { timeout } = written;
  return timeout === undefined ? toKind(written) : { ...toKind(written), timeout: readDuration(timeout) };
}

function toKind(written: WrittenTest): TestDefinition {
  const { name, contains, user, owner } = written;
  if (written.run !== undefined)
    return { kind: "run", name, run: written.run, ...defined({ exit: written.exit, contains }) };
  if (written.get !== undefined)
    return { kind: "get", name, get: written.get, ...defined({ status: written.status, contains }) };
  if (written.file !== undefined) {
    const mode = written.mode === undefined ? undefined : readMode(written.mode);
    return { kind: "file", name, file: written.file, ...defined({ mode, owner, contains, absent: written.absent }) };
  }
  if (written.port !== undefined) return { kind: "port", name, port: written.port };
  if (written.process !== undefined) return { kind: "process", name, process: written.process, ...defined({ user }) };
  return { kind: "user", name, user: user ?? "", ...defined({ shell: written.shell }) };
}
