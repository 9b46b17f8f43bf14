import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { nobodyWatches, ORIGIN, ofType, watch } from "./socket";

const admin = { authorization: "Bearer vdt_admin_local" };
const call = (
  method: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = admin,
): Promise<Response> =>
  exports.default.fetch(`${ORIGIN}/config/v1/figures`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

it("shows the defaults, takes a project's own figures, and goes back", async () => {
  expect(await (await call("GET")).json()).toMatchObject({
    errorRate: { threshold: { amber: 0.01, red: 0.05 } },
  });
  const put = await call("PUT", {
    requestRate: { expr: "42", threshold: { amber: 40, red: 50 } },
    activeUsers: { expr: "vector(7)" },
  });
  expect(put.status).toBe(200);
  const w = await watch("?topics=figures");
  const { figures } = await w.next(ofType("snapshot"));
  expect(figures).toMatchObject({ requestRate: 42, activeUsers: 7 });
  w.socket.close();
  await nobodyWatches();
  const dashboard = await exports.default.fetch(`${ORIGIN}/api/v1/monitoring/dashboard`, {
    headers: admin,
  });
  expect(await dashboard.json()).toMatchObject({
    figures: { requestRate: { value: 42, level: "amber" } },
  });
  expect((await call("DELETE")).status).toBe(204);
  expect(((await (await call("GET")).json()) as { activeUsers: object }).activeUsers).toEqual({});
});

it("refuses what it could not show, with the place", async () => {
  const refused = async (body: unknown): Promise<unknown> => {
    const r = await call("PUT", body);
    return { status: r.status, ...((await r.json()) as object) };
  };
  expect(await refused({ p95Seconds: { expr: "sum(" } })).toMatchObject({
    status: 400,
    code: "expression_invalid",
    where: "/p95Seconds/expr",
  });
  expect(await refused({ weather: {} })).toMatchObject({ status: 400, code: "figures_invalid" });
  expect((await call("PUT", {}, { authorization: "Bearer vdt_read_local" })).status).toBe(403);
});

it("names a figure whose expression gives no number", async () => {
  await call("PUT", { requestRate: { expr: "up[5m]" } });
  const w = await watch("?topics=figures");
  const m = await w.next(ofType("snapshot"));
  expect(m.figures.requestRate).toBeNull();
  expect(m.problem).toBe("requestRate: a figure is one number; the expression gives a matrix");
  // The failure is shown with every tick, and the ticks go on.
  await scheduler.wait(2_400);
  const ticks = w.messages.filter(ofType("figures"));
  expect(ticks.length).toBeGreaterThanOrEqual(2);
  expect(ticks.every((t) => t.problem === m.problem)).toBe(true);
  w.socket.close();
  await nobodyWatches();
  await call("DELETE");
});
