import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { gzip } from "../../src/core/gzip";

const ORIGIN = "http://vedette.test";

interface Case {
  readonly body?: BodyInit;
  readonly type?: string;
  readonly encoding?: string;
  readonly token?: string;
}

async function post(
  path: string,
  { body = "{}", type = "application/json", encoding, token = "vdt_ingest_local" }: Case,
): Promise<Response> {
  const headers = new Headers({ "content-type": type });
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  if (encoding !== undefined) headers.set("content-encoding", encoding);
  return await exports.default.fetch(ORIGIN + path, { method: "POST", headers, body });
}

const ZEROS_20_MB = await gzip(new Uint8Array(20 * 1024 * 1024));

describe.each(["/v1/logs", "/v1/traces"])("OTLP at %s", (path) => {
  it.each<[name: string, request: Case, status: number, code: number, says: string]>([
    ["no token", { token: "" }, 401, 16, "token"],
    ["an unknown token", { token: "vdt_nothing" }, 401, 16, "token"],
    ["a token without the scope", { token: "vdt_read_local" }, 403, 7, "ingest"],
    ["another content type", { type: "text/csv" }, 415, 12, "text/csv"],
    ["another encoding", { encoding: "zstd" }, 415, 12, "zstd"],
    ["JSON that does not parse", { body: '{"resource' }, 400, 3, "JSON"],
    [
      "JSON of another shape",
      { body: '{"resourceLogs":5,"resourceSpans":5}' },
      400,
      3,
      "expected an array ($.resource",
    ],
    ["a list", { body: "[]" }, 400, 3, "expected an object ($)"],
    [
      "protobuf that is cut off",
      { type: "application/x-protobuf", body: Uint8Array.from([0x0a, 0x7f, 0x01]) },
      400,
      3,
      "byte",
    ],
    [
      "protobuf with a broken tag",
      {
        type: "application/x-protobuf",
        body: Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      },
      400,
      3,
      "byte",
    ],
    ["gzip that is none", { encoding: "gzip", body: "plain" }, 400, 3, "gzip"],
    ["a bomb", { encoding: "gzip", body: ZEROS_20_MB }, 413, 8, "16777216"],
    ["a body over the limit", { body: new Uint8Array(16 * 1024 * 1024 + 1) }, 413, 8, "16777216"],
  ])("refuses %s", async (_, request, status, code, says) => {
    const r = await post(path, request);
    expect(r.status).toBe(status);
    if ((request.type ?? "application/json") !== "application/json") {
      expect(r.headers.get("content-type")).toBe("application/x-protobuf");
      const bytes = new Uint8Array(await r.arrayBuffer());
      // google.rpc.Status: field 1 the code, field 2 the message.
      expect([bytes[0], bytes[1], bytes[2]]).toEqual([0x08, code, 0x12]);
      expect(new TextDecoder().decode(bytes)).toContain(says);
    } else {
      const status: { code: number; message: string } = await r.json();
      expect(status.code).toBe(code);
      expect(status.message).toContain(says);
    }
  });

  it("takes an empty request", async () => {
    for (const [type, body] of [
      ["application/json", "{}"],
      ["application/x-protobuf", new Uint8Array()],
    ] as const) {
      const r = await post(path, { type, body });
      expect(r.status).toBe(200);
      expect(r.headers.get("content-type")).toBe(type);
    }
  });
});

describe("native logs", () => {
  it.each<[name: string, request: Case, status: number, code: string, where: string | undefined]>([
    ["no token", { token: "" }, 401, "token_missing", undefined],
    ["a token without the scope", { token: "vdt_read_local" }, 403, "scope_missing", undefined],
    [
      "another content type",
      { type: "application/xml" },
      415,
      "body_unsupported_content_type",
      undefined,
    ],
    ["JSON that does not parse", { body: "{oops" }, 400, "body_malformed_json", undefined],
    [
      "ndjson that does not parse",
      { type: "application/x-ndjson", body: '{"message":"a"}\n{oops' },
      400,
      "json_malformed",
      "line 2",
    ],
    ["a line that is none", { body: '{"logs":[{"message":"a"},7]}' }, 400, "log_shape", "/logs/1"],
    [
      "a time that is none",
      { body: '[{"message":"a","timestamp":"soon"}]' },
      400,
      "log_timestamp",
      "/0/timestamp",
    ],
    [
      "a line of 1970",
      { body: '{"message":"a","timestamp":"1970-01-01T00:00:00Z"}' },
      400,
      "lines_rejected",
      undefined,
    ],
    [
      "a body over the limit",
      { body: new Uint8Array(4 * 1024 * 1024 + 1) },
      413,
      "body_too_large",
      undefined,
    ],
    ["a bomb", { encoding: "gzip", body: ZEROS_20_MB }, 413, "body_too_large", undefined],
  ])("refuse %s", async (_, request, status, code, where) => {
    const r = await post("/api/v1/ingest/logs", request);
    expect(r.status).toBe(status);
    expect(r.headers.get("content-type")).toBe("application/problem+json");
    expect(await r.json()).toMatchObject({ code, ...(where === undefined ? {} : { where }) });
  });
});

describe("questions", () => {
  it.each([
    ["/api/v1/logs?limit=0", "limit"],
    ["/api/v1/logs?limit=many", "limit"],
    ["/api/v1/logs?from=yesterday", "from"],
    ["/api/v1/logs?from=2026-11-20T10:00:00Z&to=2026-11-20T09:00:00Z", "from"],
    ["/api/v1/logs?to=-5x", "to"],
    ["/api/v1/logs?level=loud", "level"],
    ["/api/v1/logs?trace_id=xyz", "trace_id"],
    ["/api/v1/logs?query=%22open", "query"],
    ["/api/v1/traces?min_duration=long", "min_duration"],
    ["/api/v1/traces?error=maybe", "error"],
    ["/api/v1/traces?limit=-1", "limit"],
    ["/api/v1/traces?from=x", "from"],
  ])("that cannot be read are refused where they stand: %s", async (path, where) => {
    const r = await exports.default.fetch(ORIGIN + path, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
    expect(r.status).toBe(400);
    expect(await r.json()).toMatchObject({ code: "query_invalid", where });
  });
  it.each(["/api/v1/logs", "/api/v1/traces", `/api/v1/traces/${"a".repeat(32)}`])(
    "need the read scope: %s",
    async (path) => {
      expect(
        (
          await exports.default.fetch(ORIGIN + path, {
            headers: { authorization: "Bearer vdt_ingest_local" },
          })
        ).status,
      ).toBe(403);
    },
  );
});
