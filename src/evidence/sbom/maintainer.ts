export type Maintainer = { readonly name: string; readonly email?: string; readonly isPerson: boolean };

/** Reads a `Maintainer` field, `Name <address>` (Debian Policy 5.6.2); undefined where it is empty. */
export function parseMaintainer(field: string): Maintainer | undefined {
  const [, name = "", email] = /^"?([^<"]*?)"?\s*(?:<([^<>\s]+@[^<>\s]+)>)?\s*$/.exec(field.trim()) ?? [
    undefined,
    field.trim(),
  ];
  if (name === "") return undefined;
  return { name, ...(email !== undefined && { email }), isPerson: !groups.test(field) };
}

/** SPDX wants to know; the field does not say. */
const groups = /team|group|maintainers|developers|packagers?\b|project|debian |@lists\.|@packages\.|@tracker\./i;
