import type { LayerBlob } from "../oci/layer/layer-blob.ts";

/** What the sandboxed worker does: restore `below`, then run the stages one after the other, each giving layers. Pure data, printable. */
export type CastPlan = {
  readonly architecture: string;
  readonly compression: "gzip" | "zstd";
  /** Folder of the OCI layout that holds `below` and receives the new blobs. */
  readonly store: string;
  /** Whether cached package layers may be used (`--no-cache`: not); the bytes are the same either way. */
  readonly useCache: boolean;
  /** Lowest first. */
  readonly below: readonly LayerBlob[];
  readonly stages: readonly CastStage[];
};

export type CastStage =
  | {
      readonly kind: "packages";
      readonly name: string;
      /** Seconds since 1970; nothing that the stage's scripts write is younger. */
      readonly epoch: number;
      readonly packages: readonly CastPackage[];
      /** In this order; every package of the stage is in one of them. */
      readonly layers: readonly string[];
    }
  | { readonly kind: "run"; readonly name: string; readonly epoch: number; readonly commands: readonly string[] };

export type CastPackage = {
  readonly name: string;
  readonly version: string;
  /** Absolute path of the .deb in the vault. */
  readonly file: string;
  /** Hex, of the file: checked again on reading, so that what is unpacked is what was locked. */
  readonly sha256: string;
  readonly layer: string;
};

/** Layers of one finished stage, lowest first; the last one of a packages stage is what scripts wrote. Empty layers are left out. */
export type CastStageResult = { readonly stage: string; readonly layers: readonly LayerBlob[] };
