import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../../src/env";
import worker from "../../../src/index";

/** The Worker with a deployment's variables instead of the local ones. */
const deployed: Env = { ...env, LOCAL: "", BOOTSTRAP_SECRET: "bootstrap-secret-of-this-suite" };
const ask = async (vars: Env, path: string, init: RequestInit = {}): Promise<Response> => {
  // The handler's own Request type is workerd's incoming one.
  const request = new Request(`https://vedette.test${path}`, init) as Parameters<
    typeof worker.fetch
  >[0];
  return worker.fetch(request, vars, createExecutionContext());
};
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

describe("a deployment", () => {
  it.each(["vdt_admin_local", "vdt_ingest_local", "vdt_beacon_local", "vdt_read_local"])(
    "refuses the documented local token %s",
    async (token) => {
      expect((await ask(deployed, "/config/v1/tokens", bearer(token))).status).toBe(401);
    },
  );

  it("makes its first admin token once, for who knows the secret", async () => {
    const wrong = await ask(deployed, "/config/v1/bootstrap", {
      method: "POST",
      ...bearer("guess"),
    });
    expect(wrong.status).toBe(401);
    const first = await ask(deployed, "/config/v1/bootstrap", {
      method: "POST",
      ...bearer("bootstrap-secret-of-this-suite"),
    });
    expect(first.status).toBe(201);
    const { token } = await first.json<{ token: string }>();
    expect((await ask(deployed, "/config/v1/tokens", bearer(token))).status).toBe(200);
    const again = await ask(deployed, "/config/v1/bootstrap", {
      method: "POST",
      ...bearer("bootstrap-secret-of-this-suite"),
    });
    expect(again.status).toBe(409);
  });

  it("says which setting is missing", async () => {
    const r = await ask({ ...deployed, TOKEN_SECRET: "short" }, "/healthz");
    expect(r.status).toBe(500);
    expect(await r.text()).toContain("TOKEN_SECRET");
  });

  it("limits requests per token and names the limit", async () => {
    const limited: Env = {
      ...deployed,
      RATE_API: { limit: () => Promise.resolve({ success: false }) },
    };
    const r = await ask(limited, "/config/v1/tokens", bearer("x"));
    expect(r.status).toBe(429);
    expect(r.headers.get("retry-after")).toBe("10");
    expect(await r.json()).toMatchObject({
      code: "rate_limited",
      limit: { name: "api_requests_per_minute" },
    });
  });

  it("tells browsers to stay on https and not to sniff", async () => {
    const r = await ask(deployed, "/healthz");
    expect(r.headers.get("x-content-type-options")).toBe("nosniff");
    expect(r.headers.get("strict-transport-security")).toContain("max-age");
  });
});
