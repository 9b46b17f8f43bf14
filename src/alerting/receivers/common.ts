import type { Decoder } from "../config-decode";
import { flag, uint64 } from "../config-scalars";

/** What every integration has: Alertmanager's `send_resolved`, and Vedette's own `rate_limit`, messages a minute. */
export const notifier = { send_resolved: flag, rate_limit: uint64 };

/** Refuses a value of which neither of two fields is set. */
export function oneOf<T extends object>(
  d: Decoder,
  value: T,
  a: keyof T & string,
  b: keyof T & string,
): void {
  if (!isSet(value[a]) && !isSet(value[b]))
    d.fail(d.at(value), `one of ${a} or ${b} must be configured`, "field_missing");
}

/** Refuses a value of which both of two fields are set. */
export function atMostOne<T extends object>(
  d: Decoder,
  value: T,
  a: keyof T & string,
  b: keyof T & string,
): void {
  if (isSet(value[a]) && isSet(value[b]))
    d.fail(d.at(value, b), `at most one of ${a} & ${b} must be configured`);
}

/** Refuses a value that lacks something. */
export function missing(d: Decoder, at: object, message: string): never {
  return d.fail(d.at(at), message, "field_missing");
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== "";
}
