/** Why a configuration was refused, and where in the file. Lines and columns count from 1. */
export interface ConfigRefusal {
  readonly reason:
    | "yaml_malformed"
    | "field_unknown"
    | "field_missing"
    | "value_wrong"
    | "receiver_undefined"
    | "not_delivered"
    | "url_refused"
    | "secret_unknown"
    | "secret_unreadable"
    | "too_large";
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Carries a refusal out of the depth of the parser; caught where parsing began. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly refusal: ConfigRefusal) {
    super(refusal.message);
  }
}
