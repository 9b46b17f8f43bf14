import { gzipSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBody } from "../../../src/http/body";
import { fromBase64, toBase64 } from "../../../src/ingest/body/base64";
import { checkEncoding, checkMediaType, parseMediaType } from "../../../src/ingest/body/content";
import { decompress } from "../../../src/ingest/body/decompress";
import { bodyErrorMessage, bodyErrorStatus } from "../../../src/ingest/body/errors";
import { parseJson } from "../../../src/ingest/body/json";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("content headers", () => {
  it.each([
    ["application/json", "application/json", {}],
    ["Application/JSON; Charset=UTF-8", "application/json", { charset: "UTF-8" }],
    ['text/plain;version="0.0.4" ; q', "text/plain", { version: "0.0.4" }],
    [null, "", {}],
  ])("%s", (header, type, params) => {
    const got = parseMediaType(header);
    expect([got.type, Object.fromEntries(got.params)]).toEqual([type, params]);
  });

  it("names what is expected", () => {
    const refused = checkMediaType("text/csv", ["application/json", ""]);
    expect(refused).toEqual({
      ok: false,
      error: {
        reason: "unsupported_content_type",
        got: "text/csv",
        expected: ["application/json"],
      },
    });
    expect(checkMediaType(undefined, ["application/json", ""]).ok).toBe(true);
    expect(checkEncoding("GZIP", ["gzip"])).toEqual({ ok: true, value: "gzip" });
    expect(checkEncoding("br", ["gzip"])).toMatchObject({
      ok: false,
      error: { reason: "unsupported_encoding" },
    });
    expect(checkEncoding("gzip, gzip", ["gzip"]).ok).toBe(false);
  });
});

describe("decompression", () => {
  const text = bytes("a".repeat(1000));

  it.each([
    ["gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["identity", text],
  ] as const)("undoes %s up to the limit and no further", async (encoding, packed) => {
    expect(await decompress(packed, encoding, 1000)).toEqual({ ok: true, value: text });
    expect(await decompress(packed, encoding, 999)).toEqual({
      ok: false,
      error: { reason: "too_large", limitBytes: 999, stage: "decompressed" },
    });
  });

  it("stops a bomb early: 64 MiB of zeros in 64 kB", async () => {
    const bomb = gzipSync(new Uint8Array(64 << 20));
    const start = performance.now();
    const got = await decompress(bomb, "gzip", 1 << 20);
    expect(got).toMatchObject({ ok: false, error: { reason: "too_large" } });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it.each([
    ["text", bytes("not compressed")],
    ["a cut body", gzipSync(text).subarray(0, 20)],
    ["nothing", new Uint8Array()],
  ])("refuses %s as gzip", async (_, packed) => {
    const got = await decompress(packed, "gzip", 1 << 20);
    expect(got).toMatchObject({
      ok: false,
      error: { reason: "malformed_encoding", encoding: "gzip" },
    });
  });

  it("throws nothing, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("gzip" as const, "deflate" as const, "snappy" as const),
        async (packed, encoding) => {
          await decompress(packed, encoding, 1000);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("readBody", () => {
  const options = { limitBytes: 10, encodings: ["identity", "gzip"] as const };
  const request = (body: BodyInit | null, headers: Record<string, string> = {}): Request =>
    new Request("http://vedette.test/", {
      method: "POST",
      body,
      headers,
      ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
    } as RequestInit);
  const stream = (n: number): ReadableStream => {
    let sent = 0;
    return new ReadableStream({
      pull(c) {
        if (sent++ < n) c.enqueue(bytes("xxxx"));
        else c.close();
      },
    });
  };

  it("reads up to the limit, of a declared or an open length", async () => {
    expect(await readBody(request("0123456789"), options)).toEqual({
      ok: true,
      value: bytes("0123456789"),
    });
    expect(await readBody(request(stream(2)), options)).toEqual({
      ok: true,
      value: bytes("xxxxxxxx"),
    });
    expect(await readBody(request(null), options)).toEqual({ ok: true, value: new Uint8Array() });
  });

  it("stops reading beyond it", async () => {
    const tooLarge = {
      ok: false,
      error: { reason: "too_large", limitBytes: 10, stage: "compressed" },
    };
    expect(await readBody(request("x", { "content-length": "11" }), options)).toEqual(tooLarge);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(c) {
        pulled++;
        c.enqueue(bytes("xxxx"));
      },
    });
    expect(await readBody(request(endless), options)).toEqual(tooLarge);
    expect(pulled).toBeLessThan(10);
  });

  it("takes a body without the header for what the dialect assumes", async () => {
    const packed = Uint8Array.from([3, 2 << 2, 1, 2, 3]);
    expect(
      await readBody(request(packed), { ...options, encodings: ["snappy"], assumed: "snappy" }),
    ).toEqual({ ok: true, value: Uint8Array.from([1, 2, 3]) });
  });
});

describe("JSON and base64", () => {
  it("tells where JSON breaks", () => {
    expect(parseJson(bytes('{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
    const broken = parseJson(bytes('{"a":}'));
    expect(broken).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/position 5|column 6|JSON/) as string },
    });
    expect(parseJson(Uint8Array.from([0x22, 0xff, 0x22]))).toMatchObject({
      ok: false,
      error: { message: "it is not UTF-8" },
    });
  });

  it("reads both alphabets with and without padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (b) => {
        const text = toBase64(b);
        for (const form of [
          text,
          text.replace(/=+$/, ""),
          text.replaceAll("+", "-").replaceAll("/", "_"),
        ])
          expect(fromBase64(form)).toEqual(b);
      }),
    );
    for (const bad of ["a", "ab!d", "äb"]) expect(fromBase64(bad)).toBeUndefined();
  });

  it("gives each reason its status", () => {
    expect(bodyErrorStatus({ reason: "too_large", limitBytes: 1, stage: "compressed" })).toBe(413);
    expect(bodyErrorMessage({ reason: "too_large", limitBytes: 1, stage: "compressed" })).toBe(
      "the body as sent is larger than the limit of 1 bytes",
    );
  });
});
