/** Options of every command that speaks to a registry. */
export type RegistryCommandOptions = { readonly insecure?: boolean };
