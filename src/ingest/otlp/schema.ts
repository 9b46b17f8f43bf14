import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Result, err, ok } from "../../core/result";
import { fromBase64 } from "../body/base64";

/**
 * One table per protobuf message, read by two interpreters: the binary wire form and
 * OTLP's JSON form (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding:
 * ids in hex, enums as integers, 64-bit integers as strings or numbers, lowerCamelCase,
 * unknown fields ignored). A field's name in the table is its JSON name.
 */
export interface Scalars {
  string: string;
  bool: boolean;
  double: number;
  int32: number;
  uint32: number;
  sint32: number;
  fixed32: number;
  /** 64-bit integers are bigint in the model. */
  int64: bigint;
  uint64: bigint;
  fixed64: bigint;
  sfixed64: bigint;
  bytes: Uint8Array;
  /** Bytes that are lower-case hex in the model and hex in JSON: trace and span ids. */
  hex: string;
}
export type ScalarKind = keyof Scalars;

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

/** What was wrong with an OTLP body and where: a byte offset or a JSON path. */
export interface Malformed {
  readonly where: string;
  readonly message: string;
}

class MalformedError extends Error {
  constructor(
    readonly where: string,
    message: string,
  ) {
    super(message);
  }
}

/** Values and messages nest no deeper than this. */
const MAX_DEPTH = 32;

const ZERO: { readonly [K in ScalarKind]: Scalars[K] } = {
  string: "",
  bool: false,
  double: 0,
  int32: 0,
  uint32: 0,
  sint32: 0,
  fixed32: 0,
  int64: 0n,
  uint64: 0n,
  fixed64: 0n,
  sfixed64: 0n,
  bytes: new Uint8Array(),
  hex: "",
};

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

/** Walks the fields of a message up to `end`; fields that `take` refuses are skipped. */
export function eachField(
  r: BinaryReader,
  end: number,
  take: (no: number, type: WireType) => boolean,
): void {
  while (r.pos < end) {
    const [no, type] = r.tag();
    if (!take(no, type)) r.skip(type, no);
  }
  if (r.pos !== end)
    throw new MalformedError(`byte ${r.pos}`, "a field runs past the end of its message");
}

/** Reads a length prefix; gives where the value ends, within `outer`. */
export function readLength(r: BinaryReader, outer: number): number {
  const end = r.uint32() + r.pos;
  if (end > outer)
    throw new MalformedError(`byte ${r.pos}`, "a length runs past the end of its message");
  return end;
}

export function deeper(depth: number, where: string): number {
  if (depth >= MAX_DEPTH) throw new MalformedError(where, `nested deeper than ${MAX_DEPTH}`);
  return depth + 1;
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

function wireTypeOf(kind: ScalarKind): WireType {
  switch (kind) {
    case "string":
    case "bytes":
    case "hex":
      return WireType.LengthDelimited;
    case "double":
    case "fixed64":
    case "sfixed64":
      return WireType.Bit64;
    case "fixed32":
      return WireType.Bit32;
    case "bool":
    case "int32":
    case "uint32":
    case "sint32":
    case "int64":
    case "uint64":
      return WireType.Varint;
  }
}

/** One scalar at the cursor; strings and bytes may not reach past `end`. */
export function readScalar<K extends ScalarKind>(
  r: BinaryReader,
  end: number,
  kind: K,
): Scalars[K] {
  // Each arm gives its own kind's type, which the compiler does not follow through a type parameter.
  return scalarAt(r, end, kind) as Scalars[K];
}

function scalarAt(r: BinaryReader, end: number, kind: ScalarKind): Scalars[ScalarKind] {
  switch (kind) {
    case "string":
      checkLength(r, end);
      return r.string(true);
    case "bytes":
      checkLength(r, end);
      return r.bytes();
    case "hex":
      checkLength(r, end);
      return toHex(r.bytes());
    case "bool":
      return r.bool();
    case "double":
      return r.double();
    case "int32":
      return r.int32();
    case "uint32":
      return r.uint32();
    case "sint32":
      return r.sint32();
    case "fixed32":
      return r.fixed32();
    case "int64":
      return BigInt(r.int64());
    case "uint64":
      return BigInt(r.uint64());
    case "fixed64":
      return BigInt(r.fixed64());
    case "sfixed64":
      return BigInt(r.sfixed64());
  }
}

/** Looks at the length ahead without consuming it, so that a string cannot reach past its message. */
function checkLength(r: BinaryReader, end: number): void {
  const at = r.pos;
  readLength(r, end);
  r.pos = at;
}

export function jsonObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MalformedError(where, "expected an object");
  // Just checked; every JSON object is a record of unknown values.
  return value as Readonly<Record<string, unknown>>;
}

function jsonValue(field: Field<unknown>, value: unknown, where: string, depth: number): unknown {
  return "codec" in field.read
    ? field.read.codec.json(value, where, deeper(depth, where))
    : jsonScalar(field.read.scalar, value, where);
}

/** A scalar in its JSON form. */
export function jsonScalar<K extends ScalarKind>(
  kind: K,
  value: unknown,
  where: string,
): Scalars[K] {
  // As in readScalar.
  return scalarOf(kind, value, where) as Scalars[K];
}

function scalarOf(kind: ScalarKind, value: unknown, where: string): Scalars[ScalarKind] {
  switch (kind) {
    case "string":
      if (typeof value !== "string") throw new MalformedError(where, "expected a string");
      return value;
    case "bool":
      if (typeof value !== "boolean") throw new MalformedError(where, "expected true or false");
      return value;
    case "double":
      return jsonDouble(value, where);
    case "int32":
    case "uint32":
    case "sint32":
    case "fixed32": {
      const n = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof n !== "number" || !Number.isInteger(n))
        throw new MalformedError(where, "expected an integer (enums are integers in OTLP JSON)");
      return n;
    }
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
      return jsonBigint(value, kind === "uint64" || kind === "fixed64", where);
    case "bytes": {
      const bytes = typeof value === "string" ? fromBase64(value) : undefined;
      if (bytes === undefined) throw new MalformedError(where, "expected base64");
      return bytes;
    }
    case "hex":
      if (typeof value !== "string" || !/^(?:[0-9a-fA-F]{2})*$/.test(value))
        throw new MalformedError(where, "expected hex digits");
      return value.toLowerCase();
  }
}

function jsonDouble(value: unknown, where: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  const n = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (Number.isNaN(n)) throw new MalformedError(where, "expected a number");
  return n;
}

function jsonBigint(value: unknown, unsigned: boolean, where: string): bigint {
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value))
    return inRange(BigInt(value), unsigned, where);
  if (typeof value === "number" && Number.isInteger(value))
    return inRange(BigInt(value), unsigned, where);
  throw new MalformedError(where, "expected a 64-bit integer as a number or a string of digits");
}

function inRange(n: bigint, unsigned: boolean, where: string): bigint {
  if ((unsigned ? BigInt.asUintN(64, n) : BigInt.asIntN(64, n)) !== n)
    throw new MalformedError(where, "the integer does not fit 64 bits");
  return n;
}

export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const b of bytes) out += (b < 16 ? "0" : "") + b.toString(16);
  return out;
}
