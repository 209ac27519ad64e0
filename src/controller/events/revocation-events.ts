/** What is revoked: an image by digest, a version of a Debian source package (or of a language's), a key by id. */
export type RevokedSubject =
  | { readonly kind: "image"; readonly digest: string }
  | { readonly kind: "package"; readonly ecosystem: string; readonly name: string; readonly version: string }
  | { readonly kind: "key"; readonly id: string };

export type RevocationEvents = {
  readonly "revocation.made": { readonly subject: RevokedSubject; readonly reason: string };
  /** Images that a revocation reaches, in parts where they are many. `how`: `itself`, `built on sha256:…`, `has openssl 3.0.1`, `signed by key …`. */
  readonly "revocation.reached": {
    /** The event of the revocation. */
    readonly revocation: number;
    readonly images: readonly {
      readonly digest: string;
      readonly how: string;
      /** The image through which it is reached; absent for one that is reached by itself. */
      readonly parent?: string;
      /** Of its manifest, from the lowest up: by them what is built on it later is known. */
      readonly layers?: readonly string[];
    }[];
  };
};
