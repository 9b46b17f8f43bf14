import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

it("answers /healthz without a token", async () => {
  const r = await exports.default.fetch("http://vedette.test/healthz");
  expect(r.status).toBe(200);
  expect(await r.text()).toBe("ok\n");
});

it("names what is not there", async () => {
  const r = await exports.default.fetch("http://vedette.test/nowhere");
  expect(r.status).toBe(404);
  expect(r.headers.get("content-type")).toBe("application/problem+json");
  expect(await r.json()).toMatchObject({ code: "not_found" });
});
