import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { refuse } from "../prometheus/respond";
import { postCompile } from "./compile";
import {
  deleteGroup,
  deleteNamespace,
  getGroup,
  getNamespaces,
  postGroup,
  putNamespace,
} from "./config";
import { postBackTest } from "./backtest";
import { answered, getAlerts, getRules } from "./read";
import { postRuleTest } from "./test";

/** The ruler API of Mimir and Cortex under `/config/v1/rules`, and Prometheus' `/api/v1/rules` and `/api/v1/alerts`, and tests of rules. */
export function ruleRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const admin = requireScope("admin");
  const read = requireScope("read");
  app.get("/config/v1/rules", read, getNamespaces);
  app.get("/config/v1/rules/:namespace", read, getNamespaces);
  app.get("/config/v1/rules/:namespace/:group", read, getGroup);
  app.post("/config/v1/rules/:namespace", admin, postGroup);
  app.put("/config/v1/rules/:namespace", admin, putNamespace);
  app.delete("/config/v1/rules/:namespace/:group", admin, deleteGroup);
  app.delete("/config/v1/rules/:namespace", admin, deleteNamespace);
  app.post("/api/v1/rules/test", read, postRuleTest);
  app.post("/api/v1/rules/compile", read, postCompile);
  app.post("/api/v1/rules/backtest", read, postBackTest);
  const query = requireScope("read", refuse);
  app.get("/api/v1/rules", query, answered(getRules));
  app.get("/api/v1/alerts", query, answered(getAlerts));
  return app;
}
