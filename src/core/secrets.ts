/** A project's secrets by name, sealed at rest. */
export interface SecretStore {
  /** Names without values, by name. */
  list(): Promise<SecretEntry[]>;
  /** Every value, by name. One that does not open any more has its reason instead. */
  values(): Promise<ReadonlyMap<string, SecretValue>>;
  put(name: string, value: string, by: string): Promise<SecretEntry>;
  /** True where there was one. */
  remove(name: string): Promise<boolean>;
}

export interface SecretEntry {
  readonly name: string;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

export type SecretValue =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly error: string };

/** What may stand in `${NAME}`: an environment variable's name. */
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
