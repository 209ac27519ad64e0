/** Options of every command that speaks to a registry. */
export type RegistryCommandOptions = { readonly insecure?: boolean };

/** Options of the commands that move images. */
export type TransferOptions = RegistryCommandOptions & { readonly evidence?: boolean };

/** What came along with an image, for its line; nothing where there was nothing. */
export function withStatements(count: number): string {
  if (count === 0) return "";
  return count === 1 ? "  with 1 statement" : `  with ${count} statements`;
}
