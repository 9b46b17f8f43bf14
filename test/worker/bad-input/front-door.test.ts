import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { makeApp } from "../../../src/app";
import { gzip } from "../../../src/core/gzip";
import { API_ROUTES, type BodyRules, PUBLIC_ROUTES, type Route } from "./routes";

const ORIGIN = "http://vedette.test";
/** Opens a route of the scope. */
const OPENS = {
  ingest: "vdt_ingest_local",
  beacon: "vdt_beacon_local",
  read: "vdt_read_local",
  admin: "vdt_admin_local",
  public: "",
} as const;
/** Is good, but not for a route of the scope. */
const WRONG = {
  ingest: "vdt_read_local",
  beacon: "vdt_read_local",
  read: "vdt_ingest_local",
  admin: "vdt_read_local",
  public: "",
} as const;
const FORGED = `vdt_a_default_${"0".repeat(20)}_${"0".repeat(40)}`;
const PAGE =
  /^GET \/(?:monitoring|receiver|alerts|heartbeats|incidents|logs|traces|events|explore|rules|targets|cardinality|reports|settings|login|dashboards|kpis)(?:\/\*)?$/;

interface Sent {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit | null;
  readonly path?: string;
}

async function ask(route: Route, { token, headers, body, path }: Sent = {}): Promise<Response> {
  const h = new Headers(headers);
  if (token !== undefined && token !== "") h.set("authorization", `Bearer ${token}`);
  return await exports.default.fetch(`${ORIGIN}${path ?? route.path}`, {
    method: route.method,
    headers: h,
    body: body ?? null,
  });
}

/** Of a form, unknown parameters are left out; all parameters of these are optional. */
const ALL_OPTIONAL = new Set([
  "/api/v1/labels",
  "/api/v1/search/metric_names",
  "/api/v1/search/label_names",
]);

const name = (r: Route): string => `${r.method} ${r.pattern}`;
const named = (routes: readonly Route[]): [string, Route][] => routes.map((r) => [name(r), r]);
const guarded = named(API_ROUTES.filter((r) => r.scope !== "public"));
const secret = named(API_ROUTES.filter((r) => r.scope === "read" || r.scope === "admin"));

it("every route of the app is held to this contract, or is known to be open", () => {
  const known = new Set([...API_ROUTES.map(name), ...PUBLIC_ROUTES]);
  const missing = makeApp()
    .routes.filter((r) => r.path !== "/*")
    .map((r) => `${r.method} ${r.path}`)
    .filter((r) => !known.has(r) && !PAGE.test(r));
  expect([...new Set(missing)]).toEqual([]);
});

describe.each(guarded)("%s asks who it is", (_, route) => {
  it("without a token: 401, and how to name one", async () => {
    const r = await ask(route);
    expect(r.status).toBe(401);
    expect(r.headers.get("www-authenticate")).toContain("Bearer");
    expect(await r.text()).toContain("token");
  });

  it.each([
    ["unknown", "nonsense"],
    ["forged", FORGED],
    ["empty", " "],
    ["of a million characters", "x".repeat(100_000)],
  ])("with a token that is %s: 401, and the token is not told back", async (_, token) => {
    const r = await ask(route, { headers: { authorization: `Bearer ${token}` } });
    expect(r.status).toBe(401);
    if (token.length > 10) expect(await r.text()).not.toContain(token);
  });

  it("with a session that nobody signed: 401", async () => {
    const headers = {
      cookie: `vedette_session=99999999999.${btoa("vdt_admin_local")}.${"0".repeat(64)}`,
    };
    expect((await ask(route, { headers })).status).toBe(401);
  });

  it("with a token of another scope: 403", async () => {
    const r = await ask(route, { token: WRONG[route.scope] });
    expect(r.status).toBe(403);
    expect(await r.text()).toContain("scope");
  });

  it("answers no other site's script", async () => {
    if (route.pattern === "/e") return;
    const r = await ask(route, {
      token: OPENS[route.scope],
      headers: { origin: "https://elsewhere.example" },
    });
    expect(r.headers.get("access-control-allow-origin")).toBeNull();
    expect(r.headers.get("x-content-type-options")).toBe("nosniff");
    expect(r.status).toBeLessThan(500);
  });
});

describe("a token that was revoked", () => {
  let token: string;
  let beacon: string;
  const make = async (scopes: readonly string[]): Promise<string> => {
    const asAdmin = { authorization: `Bearer ${OPENS.admin}` };
    const r = await exports.default.fetch(`${ORIGIN}/config/v1/tokens`, {
      method: "POST",
      headers: asAdmin,
      body: JSON.stringify({ name: "short-lived", scopes }),
    });
    const made = await r.json<{ token: string; id: string }>();
    const gone = await exports.default.fetch(`${ORIGIN}/config/v1/tokens/${made.id}`, {
      method: "DELETE",
      headers: asAdmin,
    });
    expect(gone.status).toBe(204);
    return made.token;
  };
  beforeAll(async () => {
    token = await make(["admin"]);
    beacon = await make(["beacon"]);
  });

  it.each(guarded)("opens %s no more", async (_, route) => {
    const r = await ask(route, { token: route.scope === "beacon" ? beacon : token });
    expect(r.status).toBe(401);
    expect(await r.text()).toContain("revoked");
  });
});

describe("an address with a token in it", () => {
  it.each(secret)("does not open %s: 403", async (_, route) => {
    for (const param of ["token", "k"]) {
      const r = await ask(route, { path: `${route.path}?${param}=${OPENS.admin}` });
      expect(r.status).toBe(403);
    }
  });
});

describe("a session's cookie", () => {
  it.each(named(API_ROUTES.filter((r) => r.scope === "admin" && r.method !== "GET")))(
    "does nothing at %s from another site's page: 403",
    async (_, route) => {
      const login = await exports.default.fetch(`${ORIGIN}/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: OPENS.admin }),
      });
      const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
      expect(login.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/);
      for (const origin of ["https://elsewhere.example", "null", `${ORIGIN}.evil.example`]) {
        const r = await ask(route, { headers: { cookie, origin } });
        expect(r.status).toBe(403);
        // By its code, or in words where the dialect's error has no code.
        expect(await r.text()).toMatch(/cross_site|only be used from Vedette's own pages/);
      }
      expect((await ask(route, { headers: { cookie } })).status).toBe(403);
    },
  );
});

const BODIES: [string, Route, BodyRules][] = API_ROUTES.flatMap((r) =>
  r.body === undefined ? [] : [[name(r), r, r.body] as [string, Route, BodyRules]],
);
const ZEROS = new Map<number, Promise<Uint8Array>>();

/** A few kilobytes that unfold to more than the limit. */
function bomb(limitBytes: number): Promise<Uint8Array> {
  let made = ZEROS.get(limitBytes);
  if (made === undefined) {
    made = gzip(new Uint8Array(limitBytes + 1));
    ZEROS.set(limitBytes, made);
  }
  return made;
}

/** Snappy's length prefix alone: what it announces must not be believed. */
function snappyOf(size: number): Uint8Array {
  const out: number[] = [];
  for (let n = size; ; n = Math.floor(n / 128)) {
    out.push((n % 128) | (n >= 128 ? 0x80 : 0));
    if (n < 128) break;
  }
  return Uint8Array.from(out);
}

describe.each(BODIES)("%s bounds and checks its body", (_, route, rules) => {
  const send = (body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
    ask(route, {
      token: OPENS[route.scope],
      body,
      headers: { "content-type": rules.type, ...headers },
    });

  it("over the limit: 413 that says the limit", async () => {
    const r = await send(new Uint8Array(rules.limitBytes + 1).fill(0x20));
    expect(r.status).toBe(413);
    expect(await r.text()).toContain(String(rules.limitBytes));
  });

  it("over the limit without having said so: 413, read no further", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const r = await send(endless);
    expect(r.status).toBe(413);
    expect(pulled).toBeLessThan(rules.limitBytes + 4 * 1024 * 1024);
    await r.body?.cancel();
  });

  it("a bomb: 413 where it is unfolded, 415 where that encoding is not taken", async () => {
    const r = rules.encodings.includes("gzip")
      ? await send(await bomb(rules.limitBytes), { "content-encoding": "gzip" })
      : rules.always === "snappy"
        ? await send(snappyOf(4_000_000_000), { "content-encoding": "snappy" })
        : await send(await bomb(rules.limitBytes), { "content-encoding": "gzip" });
    expect(r.status).toBe(rules.encodings.length > 0 ? 413 : 415);
  });

  it("another encoding: 415 that names it", async () => {
    const r = await send("{}", { "content-encoding": "br" });
    expect(r.status).toBe(415);
    expect(await r.text()).toContain("br");
  });

  it.runIf(rules.encodings.includes("gzip"))("gzip that is none, or is cut off: 400", async () => {
    const whole = await gzip(new TextEncoder().encode("{}".repeat(100)));
    for (const body of ["plainly no gzip", whole.slice(0, whole.length - 9), whole.slice(0, 5)]) {
      const r = await send(body, { "content-encoding": "gzip" });
      expect(r.status).toBe(400);
      expect(await r.text()).toMatch(/gzip/);
    }
  });

  it.runIf(rules.typed)("another content type: 415 that names it", async () => {
    const r = await send("{}", { "content-type": "image/png" });
    expect(r.status).toBe(415);
    // /session names the one type that it takes.
    if (route.path !== "/session") expect(await r.text()).toContain("image/png");
  });

  it("garbage: 400 that says what was wrong", async () => {
    const bodies: BodyInit[] = [
      Uint8Array.from([0xff, 0xfe, 0x00, 0x80, 0xff, 0xff, 0xff]),
      '{"a": [1, 2',
      "\u0001",
      "][",
    ];
    for (const body of bodies) {
      const r = await send(body);
      expect(r.status).toBe(ALL_OPTIONAL.has(route.path) ? 200 : 400);
      expect((await r.text()).length).toBeGreaterThan(10);
    }
  });

  it("whatever is nested 20,000 deep: no accident, nothing kept", async () => {
    const levels = Math.min(20_000, Math.floor(rules.limitBytes / 8));
    for (const body of [
      "[".repeat(levels) + "]".repeat(levels),
      '{"a":'.repeat(levels) + "1" + "}".repeat(levels),
      `query=${"(".repeat(levels)}1${")".repeat(levels)}`,
      `{"event":"x","message":"x","name":"x","properties":${'{"0":'.repeat(levels)}1${"}".repeat(levels)}}`,
    ]) {
      const r = await send(body);
      expect(ALL_OPTIONAL.has(route.path) ? [200] : [400, 413]).toContain(r.status);
      await r.body?.cancel();
    }
  });

  it("nothing at all: no accident", async () => {
    const r = await send("");
    expect(r.status).toBeLessThan(500);
    await r.body?.cancel();
  });
});

describe("an address", () => {
  it.each(named(API_ROUTES))("of %s with another method: 404 as problem+json", async (_, route) => {
    const r = await ask({ ...route, method: "PATCH" }, { token: OPENS.admin });
    expect(r.status).toBe(404);
    expect(r.headers.get("content-type")).toBe("application/problem+json");
    expect(await r.json()).toMatchObject({ status: 404, code: "not_found" });
  });

  it.each([
    "/nowhere",
    "/api/v1/",
    "/api/v1/__proto__",
    "/config/v1/constructor",
    "/assets/../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/secret",
    "/%ZZ",
    "//elsewhere.example/x",
    "/<script>alert(1)</script>",
  ])("that there is not (%s): 404, told as text", async (path) => {
    const r = await exports.default.fetch(`${ORIGIN}${path}`);
    expect(r.status).toBe(404);
    expect(r.headers.get("content-type")).toBe("application/problem+json");
    expect(r.headers.get("x-content-type-options")).toBe("nosniff");
    await r.body?.cancel();
  });

  it.each(named(API_ROUTES.filter((r) => /[:*]/.test(r.pattern))))(
    "%s with hostile names in it: no accident",
    async (_, route) => {
      for (const hostile of [
        "%ZZ",
        "%2F..%2F..",
        "__proto__",
        "%00",
        "%ED%A0%80",
        "x".repeat(5_000),
      ]) {
        const pattern = route.pattern.replace(/:\w+/g, hostile).replace(/\*$/, `${hostile}/a/b`);
        const r = await ask(route, { token: OPENS[route.scope], path: pattern, body: null });
        expect(r.status).toBeLessThan(500);
        await r.body?.cancel();
      }
    },
  );
});
