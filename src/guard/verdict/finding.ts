import type { DriftRule } from "../guard.ts";

/** What a verdict is, when it is not "explained": the rule, what it is about, and a sentence. */
export type Verdict = { readonly rule: DriftRule; readonly subject: string; readonly message: string };

const longestText = 300;

/** Of a name that an attacker chose: without control characters and the signs that turn text around, bounded; for people's terminals. */
export function shown(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffd]/gu, "?");
  return plain.length > longestText ? `${plain.slice(0, longestText)}…` : plain;
}

export function drift(rule: DriftRule, subject: string, message: string): Verdict {
  return { rule, subject: shown(subject), message: shown(message) };
}
