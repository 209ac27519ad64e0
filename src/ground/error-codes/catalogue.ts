/** Codes with what `../error-codes.ts` says of each. */
export type Catalogue = Readonly<Record<string, { readonly exit: 1 | 2 | 3 | 4; readonly means: string }>>;
