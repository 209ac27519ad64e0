import { posix } from "node:path";

/** What an interpreter was told to run. */
export type ScriptSource =
  /** A file, as it was named. */
  | { readonly kind: "file"; readonly path: string }
  /** On its command line (`sh -c`), or a module that it looks for itself (`python -m`). */
  | { readonly kind: "inline" }
  | { readonly kind: "input" };

type Interpreter = {
  readonly names: RegExp;
  /** Options with a value in the next word. */
  readonly values: RegExp;
  /** Options whose value is the program itself. */
  readonly inline: RegExp;
  /** Options whose value, in the next word, is a script file. */
  readonly file?: RegExp;
  /** Without a script it does something else than read its input. */
  readonly ignoresInput?: true;
  /** A first word that is a subcommand, not a script. */
  readonly hasPlainProgram?: true;
};

/** Programs of images that run text. By the name of the file itself: `/bin/sh` is found as `dash`. */
const interpreters: readonly Interpreter[] = [
  {
    names: /^(?:ba|da|a|k|mk|z|pdk|ya)?sh$|^rbash$/,
    values: /^[-+][a-zA-Z]*[oO]$|^--(?:rcfile|init-file)$/,
    inline: /^-[a-zA-Z]*c[a-zA-Z]*$/,
  },
  { names: /^busybox$/, values: /^$/, inline: /^-[a-z]*c[a-z]*$/ },
  { names: /^perl[\d.]*$|^setuid-perl$/, values: /^-[a-zA-Z]*[I]$/, inline: /^-[a-zA-Z0-9]*[eE]/ },
  { names: /^python[\d.]*$|^pypy[\d.]*$/, values: /^-[WXQ]$|^--check-hash-based-pycs$/, inline: /^-[a-zA-Z]*[cm]$/ },
  { names: /^(?:j|t)?ruby[\d.]*$/, values: /^-[ICEKrF]$/, inline: /^-[a-z]*e$/ },
  {
    names: /^node(?:js)?$|^bun$|^deno$/,
    values: /^-[rC]$|^--(?:require|import|loader|experimental-loader|conditions|env-file)$/,
    inline: /^-(?:e|p|pe|c)$|^--(?:eval|print|check)$/,
  },
  { names: /^php[\d.]*(?:-cgi)?$/, values: /^-[cdgzBREF]$/, inline: /^-[rBRE]$/, file: /^-[fF]$/ },
  { names: /^lua(?:jit)?[\d.]*$/, values: /^-l$/, inline: /^-e$/ },
  { names: /^(?:tclsh|wish|expect)[\d.]*$/, values: /^-encoding$/, inline: /^-c$/, file: /^-f$/ },
  {
    names: /^[mg]?awk$|^original-awk$|^nawk$/,
    values: /^-[Fv]$/,
    inline: /^-e$|^--source$/,
    file: /^-f$|^--file$/,
    ignoresInput: true,
    hasPlainProgram: true,
  },
  {
    names: /^java$/,
    values: /^-(?:cp|classpath|p|m)$|^--(?:class-path|module-path|module|add-opens|add-exports|add-modules)$/,
    inline: /^$/,
    file: /^-jar$/,
    ignoresInput: true,
    hasPlainProgram: true,
  },
  { names: /^guile[\d.]*$|^gosh$/, values: /^-[LlC]$/, inline: /^-c$/, file: /^-s$/ },
];

/** Undefined for a program that is no interpreter. `name`: of its file; `command` as it was started, its own name first. */
export function scriptOf(name: string, command: readonly string[]): ScriptSource | undefined {
  const interpreter = interpreters.find(({ names }) => names.test(name));
  return interpreter === undefined ? undefined : readCommand(interpreter, command);
}

function readCommand(interpreter: Interpreter, command: readonly string[]): ScriptSource {
  for (let at = 1; at < command.length; at += 1) {
    const word = command[at] ?? "";
    const next = command[at + 1];
    if (interpreter.file?.test(word) === true && next !== undefined) return { kind: "file", path: next };
    if (interpreter.inline.test(word)) return { kind: "inline" };
    if (word === "-" || /^-[a-zA-Z]*s$/.test(word)) return { kind: "input" };
    if (word === "--") return next === undefined ? { kind: "input" } : plain(interpreter, next);
    if (interpreter.values.test(word)) at += 1;
    else if (!/^[-+]/.test(word)) return plain(interpreter, word);
  }
  return interpreter.ignoresInput === true ? { kind: "inline" } : { kind: "input" };
}

function plain(interpreter: Interpreter, word: string): ScriptSource {
  return interpreter.hasPlainProgram === true ? { kind: "inline" } : { kind: "file", path: word };
}

/** The dynamic loader, which runs any program that it is given the path of. */
export function isLoader(path: string): boolean {
  return /^ld(?:-linux[\w-]*|-musl[\w-]*|64|-[\d.]+)?\.so(?:\.\d+)*$/.test(posix.basename(path));
}

/** What the dynamic loader was told to run; undefined where it was told nothing (it prints its version). */
export function loadedProgram(command: readonly string[]): string | undefined {
  const withValue = /^--(?:library-path|inhibit-rpath|audit|preload|argv0|glibc-hwcaps-prepend|glibc-hwcaps-mask)$/;
  for (let at = 1; at < command.length; at += 1) {
    const word = command[at] ?? "";
    if (withValue.test(word)) at += 1;
    else if (!word.startsWith("--")) return word;
  }
  return undefined;
}
