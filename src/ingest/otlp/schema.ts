import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Result, err, ok } from "../../core/result";
import {
  type Malformed,
  MalformedError,
  type ScalarKind,
  type Scalars,
  ZERO,
  deeper,
  eachField,
  jsonObject,
  jsonScalar,
  readLength,
  readScalar,
  wireTypeOf,
} from "./scalars";

/**
 * One table per protobuf message, read by two interpreters: the binary wire form and
 * OTLP's JSON form (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding:
 * ids in hex, enums as integers, 64-bit integers as strings or numbers, lowerCamelCase,
 * unknown fields ignored). A field's name in the table is its JSON name.
 */
/** How a value that is not a plain scalar is read in both forms. */
export interface Codec<T> {
  /** Reads a length-delimited value that ends at `end`. */
  wire(r: BinaryReader, end: number, depth: number): T;
  json(value: unknown, where: string, depth: number): T;
}

export interface Field<T> {
  readonly no: number;
  /** One value of the field; a repeated one is read many times. */
  readonly read: { readonly scalar: ScalarKind } | { readonly codec: Codec<unknown> };
  readonly repeated: boolean;
  /** The value of a field that is absent. Shared where immutable. */
  readonly absent: () => T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type MessageOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

export type CodecValue<C> = C extends Codec<infer T> ? T : never;

/** A scalar with proto3's implicit default. */
export function one<K extends ScalarKind>(no: number, kind: K): Field<Scalars[K]> {
  return { no, read: { scalar: kind }, repeated: false, absent: () => ZERO[kind] };
}

/** A scalar whose presence counts: `optional`, or an arm of a oneof. */
export function optional<K extends ScalarKind>(no: number, kind: K): Field<Scalars[K] | undefined> {
  return { no, read: { scalar: kind }, repeated: false, absent: () => undefined };
}

export function many<K extends ScalarKind>(no: number, kind: K): Field<readonly Scalars[K][]> {
  return { no, read: { scalar: kind }, repeated: true, absent: () => [] };
}

/** A message, or any value with its own codec. */
export function sub<T>(no: number, codec: Codec<T>): Field<T | undefined> {
  return { no, read: { codec }, repeated: false, absent: () => undefined };
}

export function subs<T>(no: number, codec: Codec<T>): Field<readonly T[]> {
  return { no, read: { codec }, repeated: true, absent: () => [] };
}

/** Makes the codec of a message from its table. */
export function message<const F extends Fields>(fields: F): Codec<MessageOf<F>> {
  const names = Object.keys(fields);
  const byNo = new Map(names.map((name) => [(fields[name] as Field<unknown>).no, name]));
  const blank = (): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const name of names) out[name] = (fields[name] as Field<unknown>).absent();
    return out;
  };
  return {
    wire(r, end, depth) {
      const out = blank();
      eachField(r, end, (no, type) => {
        const name = byNo.get(no);
        if (name === undefined) return false;
        return readField(r, end, depth, out, name, fields[name] as Field<unknown>, type);
      });
      // The table names exactly the keys of the mapped type.
      return out as MessageOf<F>;
    },
    json(value, where, depth) {
      const from = jsonObject(value, where);
      const out = blank();
      for (const name of names) {
        const given = from[name];
        if (given === undefined || given === null) continue;
        const field = fields[name] as Field<unknown>;
        if (!field.repeated) out[name] = jsonValue(field, given, `${where}.${name}`, depth);
        else {
          if (!Array.isArray(given))
            throw new MalformedError(`${where}.${name}`, "expected an array");
          out[name] = given.map((v: unknown, i) =>
            jsonValue(field, v, `${where}.${name}[${i}]`, depth),
          );
        }
      }
      // As above.
      return out as MessageOf<F>;
    },
  };
}

/** Reads a whole body in its binary form. */
export function decodeWire<T>(codec: Codec<T>, bytes: Uint8Array): Result<T, Malformed> {
  const r = new BinaryReader(bytes);
  return guarded(
    () => codec.wire(r, bytes.length, 0),
    () => `byte ${Math.min(r.pos, bytes.length)}`,
  );
}

/** Reads a whole body from parsed JSON; paths in errors start at `$`. */
export function decodeJson<T>(codec: Codec<T>, value: unknown): Result<T, Malformed> {
  return guarded(
    () => codec.json(value, "$", 0),
    () => "$",
  );
}

function guarded<T>(read: () => T, place: () => string): Result<T, Malformed> {
  try {
    return ok(read());
  } catch (e) {
    if (e instanceof MalformedError) return err({ where: e.where, message: e.message });
    // BinaryReader reports what it cannot read as plain errors; it does nothing else here.
    if (e instanceof Error && !(e instanceof TypeError && !/utf-?8|encod|decod/i.test(e.message))) {
      return err({ where: place(), message: e.message });
    }
    throw e;
  }
}

function readField(
  r: BinaryReader,
  end: number,
  depth: number,
  out: Record<string, unknown>,
  name: string,
  field: Field<unknown>,
  type: WireType,
): boolean {
  if ("codec" in field.read) {
    if (type !== WireType.LengthDelimited) return false;
    const to = readLength(r, end);
    const value = field.read.codec.wire(r, to, deeper(depth, `byte ${r.pos}`));
    if (field.repeated) (out[name] as unknown[]).push(value);
    else out[name] = value;
    return true;
  }
  const kind = field.read.scalar;
  const wanted = wireTypeOf(kind);
  if (type === wanted) {
    const value = readScalar(r, end, kind);
    if (field.repeated) (out[name] as unknown[]).push(value);
    else out[name] = value;
    return true;
  }
  if (!field.repeated || type !== WireType.LengthDelimited) return false;
  const to = readLength(r, end);
  const list = out[name] as unknown[];
  while (r.pos < to) list.push(readScalar(r, to, kind));
  if (r.pos !== to) throw new MalformedError(`byte ${r.pos}`, "a packed field runs past its end");
  return true;
}

function jsonValue(field: Field<unknown>, value: unknown, where: string, depth: number): unknown {
  return "codec" in field.read
    ? field.read.codec.json(value, where, deeper(depth, where))
    : jsonScalar(field.read.scalar, value, where);
}
