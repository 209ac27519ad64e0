export type ReleaseEvents = {
  /** An immutable pair of image and configuration for one service in one environment. */
  readonly "release.created": {
    readonly service: string;
    readonly environment: string;
    /** From 1 on, without a gap. */
    readonly number: number;
    readonly repository: string;
    /** Digest. */
    readonly image: string;
    /** As `services:` of ingot.yaml has it, in its own words. */
    readonly configuration: Readonly<Record<string, unknown>>;
    /** The event of the decision that permitted it. */
    readonly decision: number;
    readonly reason: string;
    /** The release of another environment that was promoted, or of this one that is gone back to. */
    readonly from?: { readonly environment: string; readonly number: number; readonly kind: "promote" | "rollback" };
    readonly breakGlass?: { readonly reason: string; /** Seconds since 1970. */ readonly expires: number };
  };
};
