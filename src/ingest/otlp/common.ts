import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { toBase64 } from "../body/base64";
import { deeper, eachField, jsonObject, jsonScalar, readLength, readScalar } from "./scalars";
import { type Codec, type CodecValue, message, one, subs } from "./schema";

/**
 * What opentelemetry/proto/common/v1 and resource/v1 hold, for every signal
 * (https://github.com/open-telemetry/opentelemetry-proto).
 */

/** An AnyValue as JSON: bytes are base64; an integer beyond 2^53 is its decimal string, so that no digit is lost. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | Attributes;
/** Of a key given twice the last counts. */
export interface Attributes {
  readonly [key: string]: AttributeValue;
}

export const anyValue: Codec<AttributeValue> = { wire: anyValueWire, json: anyValueJson };

/** One KeyValue as a pair. */
export const keyValue: Codec<readonly [string, AttributeValue]> = {
  wire(r, end, depth) {
    let key = "";
    let value: AttributeValue = null;
    eachField(r, end, (no, type) => {
      if (type !== WireType.LengthDelimited) return false;
      if (no === 1) key = readScalar(r, end, "string");
      else if (no === 2)
        value = anyValueWire(r, readLength(r, end), deeper(depth, `byte ${r.pos}`));
      else return false;
      return true;
    });
    return [key, value];
  },
  json(value, where, depth) {
    const from = jsonObject(value, where);
    const key = jsonScalar("string", from["key"] ?? "", `${where}.key`);
    const given = from["value"];
    return [
      key,
      given === undefined || given === null
        ? null
        : anyValueJson(given, `${where}.value`, deeper(depth, where)),
    ];
  },
};

/** Pairs as a record. `fromEntries` makes own properties, so that a key `__proto__` is only a key. */
export function attributes(pairs: readonly (readonly [string, AttributeValue])[]): Attributes {
  return Object.fromEntries(pairs);
}

/** An attribute as text, as a label or tag shows it: composite values are JSON. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Attributes as they arrive: pairs in order; {@link attributes} makes the record. */
export type AttributePairs = readonly (readonly [string, AttributeValue])[];

export const resource = message({ attributes: subs(1, keyValue) });
export type Resource = CodecValue<typeof resource>;

export const scope = message({
  name: one(1, "string"),
  version: one(2, "string"),
  attributes: subs(3, keyValue),
});
export type Scope = CodecValue<typeof scope>;

const arrayValue = message({ values: subs(1, anyValue) });
const kvlistValue = message({ values: subs(1, keyValue) });

function anyValueWire(r: BinaryReader, end: number, depth: number): AttributeValue {
  let out: AttributeValue = null;
  eachField(r, end, (no, type) => {
    switch (no) {
      case 1:
        if (type !== WireType.LengthDelimited) return false;
        out = readScalar(r, end, "string");
        return true;
      case 2:
        if (type !== WireType.Varint) return false;
        out = r.bool();
        return true;
      case 3:
        if (type !== WireType.Varint) return false;
        out = integer(BigInt(r.int64()));
        return true;
      case 4:
        if (type !== WireType.Bit64) return false;
        out = r.double();
        return true;
      case 5:
        if (type !== WireType.LengthDelimited) return false;
        out = arrayValue.wire(r, readLength(r, end), deeper(depth, `byte ${r.pos}`)).values;
        return true;
      case 6:
        if (type !== WireType.LengthDelimited) return false;
        out = attributes(
          kvlistValue.wire(r, readLength(r, end), deeper(depth, `byte ${r.pos}`)).values,
        );
        return true;
      case 7:
        if (type !== WireType.LengthDelimited) return false;
        out = toBase64(readScalar(r, end, "bytes"));
        return true;
      default:
        return false;
    }
  });
  return out;
}

function anyValueJson(value: unknown, where: string, depth: number): AttributeValue {
  const from = jsonObject(value, where);
  for (const [arm, given] of Object.entries(from)) {
    if (given === null || given === undefined) continue;
    const at = `${where}.${arm}`;
    switch (arm) {
      case "stringValue":
        return jsonScalar("string", given, at);
      case "boolValue":
        return jsonScalar("bool", given, at);
      case "intValue":
        return integer(jsonScalar("int64", given, at));
      case "doubleValue":
        return jsonScalar("double", given, at);
      case "bytesValue":
        return toBase64(jsonScalar("bytes", given, at));
      case "arrayValue":
        return arrayValue.json(given, at, deeper(depth, at)).values;
      case "kvlistValue":
        return attributes(kvlistValue.json(given, at, deeper(depth, at)).values);
    }
  }
  return null;
}

function integer(n: bigint): number | string {
  return n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(n)
    : String(n);
}

/** Nanoseconds since the epoch in whole milliseconds. */
export function nanosToMs(nanos: bigint): number {
  return Number(nanos / 1_000_000n);
}
