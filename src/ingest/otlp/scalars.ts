import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { fromBase64 } from "../body/base64";
import { toHex } from "../body/hex";

/** The scalar kinds of protobuf, each with its TypeScript type, and how they are read in both encodings. */
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
  sint64: bigint;
  uint64: bigint;
  fixed64: bigint;
  sfixed64: bigint;
  bytes: Uint8Array;
  /** Bytes that are lower-case hex in the model and hex in JSON: trace and span ids. */
  hex: string;
}
export type ScalarKind = keyof Scalars;

/** What was wrong with an OTLP body and where: a byte offset or a JSON path. */
export interface Malformed {
  readonly where: string;
  readonly message: string;
}

/** Thrown within a decoder; {@link Malformed} outside. */
export class MalformedError extends Error {
  constructor(
    readonly where: string,
    message: string,
  ) {
    super(message);
  }
}

/** Values and messages nest no deeper than this. */
const MAX_DEPTH = 32;

/** What an absent field counts as. */
export const ZERO: { readonly [K in ScalarKind]: Scalars[K] } = {
  string: "",
  bool: false,
  double: 0,
  int32: 0,
  uint32: 0,
  sint32: 0,
  fixed32: 0,
  int64: 0n,
  sint64: 0n,
  uint64: 0n,
  fixed64: 0n,
  sfixed64: 0n,
  bytes: new Uint8Array(),
  hex: "",
};

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

/** One level further down; `where` is told when it is too deep. */
export function deeper(depth: number, where: string): number {
  if (depth >= MAX_DEPTH) throw new MalformedError(where, `nested deeper than ${MAX_DEPTH}`);
  return depth + 1;
}

export function wireTypeOf(kind: ScalarKind): WireType {
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
    case "sint64":
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
    case "sint64":
      return BigInt(r.sint64());
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

/** A JSON value that must be an object. */
export function jsonObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new MalformedError(where, "expected an object");
  // Just checked; every JSON object is a record of unknown values.
  return value as Readonly<Record<string, unknown>>;
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
      // JSON can escape half a surrogate pair, which UTF-8 cannot hold.
      return value.toWellFormed();
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
    case "sint64":
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
