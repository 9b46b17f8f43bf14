import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyValue, attributes, attributeText, resource } from "../../../src/ingest/otlp/common";
import {
  decodeJson,
  decodeWire,
  many,
  message,
  one,
  optional,
  sub,
} from "../../../src/ingest/otlp/schema";

const inner = message({ id: one(1, "hex"), bounds: many(2, "double") });
const outer = message({
  name: one(1, "string"),
  at: one(2, "fixed64"),
  asInt: optional(3, "sfixed64"),
  kind: one(4, "int32"),
  counts: many(5, "uint64"),
  inner: sub(6, inner),
  flag: one(7, "bool"),
  scale: one(8, "sint32"),
});

function wire(): Uint8Array {
  const w = new BinaryWriter();
  w.tag(99, WireType.LengthDelimited).string("unknown fields are skipped");
  w.tag(1, WireType.LengthDelimited).string("näme");
  w.tag(2, WireType.Bit64).fixed64(1_700_000_000_123_456_789n);
  w.tag(3, WireType.Bit64).sfixed64(-5n);
  w.tag(4, WireType.Varint).int32(2);
  w.tag(5, WireType.LengthDelimited).fork().uint64(1).uint64("18446744073709551615").join();
  w.tag(5, WireType.Varint).uint64(7);
  w.tag(6, WireType.LengthDelimited).fork();
  w.tag(1, WireType.LengthDelimited).bytes(new Uint8Array([0xab, 0x01]));
  w.tag(2, WireType.LengthDelimited).fork().double(0.5).double(Number.POSITIVE_INFINITY).join();
  w.join();
  w.tag(7, WireType.Varint).bool(true);
  w.tag(8, WireType.Varint).sint32(-3);
  return w.finish();
}

const MODEL = {
  name: "näme",
  at: 1_700_000_000_123_456_789n,
  asInt: -5n,
  kind: 2,
  counts: [1n, 18446744073709551615n, 7n],
  inner: { id: "ab01", bounds: [0.5, Number.POSITIVE_INFINITY] },
  flag: true,
  scale: -3,
};

describe("one table, two encodings", () => {
  it("reads the wire form, packed and unpacked", () => {
    expect(decodeWire(outer, wire())).toEqual({ ok: true, value: MODEL });
  });

  it("reads the JSON form: hex ids, integers as strings or numbers, unknown fields ignored", () => {
    const json = {
      unknown: { deep: [1] },
      name: "näme",
      at: "1700000000123456789",
      asInt: -5,
      kind: 2,
      counts: ["1", "18446744073709551615", 7],
      inner: { id: "AB01", bounds: [0.5, "Infinity"] },
      flag: true,
      scale: -3,
    };
    expect(decodeJson(outer, json)).toEqual({ ok: true, value: MODEL });
  });

  it("gives proto3 defaults for what is absent or null", () => {
    const blank = {
      name: "",
      at: 0n,
      asInt: undefined,
      kind: 0,
      counts: [],
      inner: undefined,
      flag: false,
      scale: 0,
    };
    expect(decodeWire(outer, new Uint8Array())).toEqual({ ok: true, value: blank });
    expect(decodeJson(outer, { name: null, counts: null })).toEqual({ ok: true, value: blank });
  });

  it.each([
    [{ name: 1 }, "$.name", /string/],
    [{ counts: "1" }, "$.counts", /array/],
    [{ counts: [1, "x"] }, "$.counts[1]", /64-bit/],
    [{ counts: ["18446744073709551616"] }, "$.counts[0]", /fit/],
    [{ kind: "SPAN_KIND_SERVER" }, "$.kind", /enums are integers/],
    [{ inner: { id: "q0==" } }, "$.inner.id", /hex/],
    [{ inner: [] }, "$.inner", /object/],
    [[], "$", /object/],
  ])("says where JSON %j is wrong", (json, where, message) => {
    const got = decodeJson(outer, json);
    expect(got).toMatchObject({ ok: false, error: { where } });
    if (!got.ok) expect(got.error.message).toMatch(message);
  });

  it("says at which byte the wire form breaks, for every cut", () => {
    const bytes = wire();
    let broken = 0;
    for (let n = 1; n < bytes.length; n++) {
      const got = decodeWire(outer, bytes.subarray(0, n));
      if (!got.ok) {
        broken++;
        expect(got.error.where).toMatch(/^byte \d+$/);
      }
    }
    expect(broken).toBeGreaterThan(bytes.length / 2);
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeWire(outer, bytes);
        decodeWire(resource, bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("attribute values", () => {
  const read = (json: unknown): unknown => {
    const got = decodeJson(anyValue, json);
    return got.ok ? got.value : got.error;
  };

  it.each([
    [{ stringValue: "a" }, "a"],
    [{ boolValue: false }, false],
    [{ intValue: "42" }, 42],
    [{ intValue: "9223372036854775807" }, "9223372036854775807"],
    [{ doubleValue: 1.5 }, 1.5],
    [{ bytesValue: "AQI" }, "AQI="],
    [{ arrayValue: { values: [{ intValue: 1 }, { stringValue: "x" }] } }, [1, "x"]],
    [{ kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } }, { k: true }],
    [{}, null],
  ])("%j", (json, value) => expect(read(json)).toEqual(value));

  it("stops at a nesting that only an attacker sends", () => {
    let v: unknown = { intValue: 1 };
    for (let i = 0; i < 50; i++) v = { arrayValue: { values: [v] } };
    expect(read(v)).toMatchObject({ message: /nested/ });
  });

  it("keeps a key named __proto__ as a key", () => {
    const record = attributes([["__proto__", "x"]]);
    expect(Object.keys(record)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });

  it("renders composite values as JSON", () => {
    expect(attributeText([1, { a: "b" }])).toBe('[1,{"a":"b"}]');
    expect(attributeText(3)).toBe("3");
  });
});
