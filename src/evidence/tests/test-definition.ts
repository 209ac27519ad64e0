/** A test as a definition has it; the same shape as `project/definition.ts` gives, which this room does not import. */
export type TestDefinition = { readonly name: string; readonly timeout?: number } & (
  | RunTest
  | GetTest
  | FileTest
  | PortTest
  | UserTest
  | ProcessTest
);

export type RunTest = {
  readonly kind: "run";
  readonly run: readonly string[];
  readonly exit?: number;
  readonly contains?: string;
};
export type GetTest = {
  readonly kind: "get";
  readonly get: string;
  readonly status?: number;
  readonly contains?: string;
};
export type FileTest = {
  readonly kind: "file";
  readonly file: string;
  readonly mode?: number;
  readonly owner?: string;
  readonly contains?: string;
  readonly absent?: boolean;
};
export type PortTest = { readonly kind: "port"; readonly port: number };
export type UserTest = { readonly kind: "user"; readonly user: string; readonly shell?: string };
export type ProcessTest = { readonly kind: "process"; readonly process: string; readonly user?: string };
