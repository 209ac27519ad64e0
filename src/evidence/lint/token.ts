import { findingAt, type Lint, type LintFinding } from "./lint.ts";

export const token: Lint = {
  name: "token",
  rule: "no token or password of a known form is in a file, a variable or a label",
  why: "whoever can pull the image can use it, from anywhere, and removing it later leaves it in the older layers",
  advice: "give it to the instance when it starts, and revoke this one: it must be taken for known",
  check: ({ contents, config }) => {
    const inFiles = [...contents].flatMap(([path, content]) => findInFile(path, content.toString("latin1")));
    const variables = (config.config?.Env ?? []).flatMap((line) =>
      findInValue("variable", line.split("=", 1)[0], line),
    );
    const labels = Object.entries(config.config?.Labels ?? {}).flatMap(([name, value]) =>
      findInValue("label", name, value),
    );
    return [...inFiles, ...variables, ...labels];
  },
};

/**
 * Forms that issuers made to be recognised: a prefix and a length, so that a match is hardly ever chance. Never by entropy: hashes and test data would
 * drown the one real finding. Sources: the issuers' own documents on secret scanning.
 */
const forms: readonly (readonly [kind: string, form: RegExp])[] = [
  ["an access key of AWS", /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/],
  ["a token of GitHub", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/],
  ["a token of GitLab", /\bglpat-[A-Za-z0-9_-]{20,}/],
  ["a token of Slack", /\bxox[abeoprs]-[0-9A-Za-z-]{20,}/],
  ["a token of npm", /\bnpm_[A-Za-z0-9]{36}\b/],
  ["a token of PyPI", /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}/],
  ["a key of Google", /\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/],
  ["a live key of Stripe", /\b[sr]k_live_[0-9A-Za-z]{20,}/],
  ["a token of SendGrid", /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/],
  ["a token of Vault", /\bhvs\.[A-Za-z0-9_-]{24,}/],
  ["a token of Docker", /\bdckr_pat_[A-Za-z0-9_-]{27}/],
  ["a token of Hugging Face", /\bhf_[A-Za-z]{34}\b/],
  [
    "a password in a URL",
    /\b(?:https?|ftp|postgres(?:ql)?|mysql|redis|amqps?|mongodb(?:\+srv)?):\/\/[^\s/:@"'<>$%{}]+:[^\s/@"'<>${}]{3,}@/,
  ],
];

/** Files whose whole purpose is to hold a password, by the programs that read them. */
const stores: readonly (readonly [path: RegExp, content: RegExp, kind: string])[] = [
  [
    /(?:^|\/)\.docker\/config\.json$|(?:^|\/)\.dockercfg$/,
    /"(?:auth|identitytoken|password)"\s*:\s*"[^"]+"/,
    "a registry's password",
  ],
  [/(?:^|\/)[._]netrc$/, /\bpassword\s+\S+/, "a password of netrc"],
  [/(?:^|\/)\.npmrc$/, /_(?:authToken|password|auth)\s*=\s*(?!\$\{)\S+/, "a password of npm"],
  [/(?:^|\/)\.pgpass$/, /^[^#\n]+:[^:\n]+$/m, "a password of PostgreSQL"],
  [/(?:^|\/)\.my\.cnf$/, /^\s*password\s*=\s*\S+/m, "a password of MySQL"],
  [/(?:^|\/)\.aws\/credentials$/, /aws_secret_access_key\s*=\s*\S+/, "a secret key of AWS"],
  [/(?:^|\/)\.git-credentials$/, /:\/\/[^\s:]+:[^\s@]+@/, "a password of Git"],
  [/(?:^|\/)\.kube\/config$/, /(?:client-key-data|token|password):\s*\S+/, "a credential of Kubernetes"],
];

/** The secret itself is never repeated: a report is read by more people than the image. */
function findInFile(path: string, text: string): readonly LintFinding[] {
  const store = stores.find(([name, content]) => name.test(path) && content.test(text));
  if (store) return [findingAt(path, `holds ${store[2]}`)];
  return forms.flatMap(([kind, form]) => {
    const found = form.exec(text);
    return found ? [findingAt(path, `holds ${kind} in line ${lineOf(text, found.index)}`)] : [];
  });
}

function findInValue(place: "variable" | "label", name: string | undefined, value: string): readonly LintFinding[] {
  return forms.flatMap(([kind, form]) =>
    form.test(value) ? [{ where: `${place} ${name}`, what: `holds ${kind}` }] : [],
  );
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
