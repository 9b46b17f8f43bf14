import { AGGREGATORS } from "../../promql/ast";
import { SIGNATURES } from "../../promql/signatures";
import { success } from "./respond";

const OPERATORS =
  "+ - * / % ^ == != < > <= >= =~ !~ @ and or unless atan2 on ignoring group_left group_right bool by without offset";
/** What Prometheus has beside, and this has not. */
const WITHOUT = ["</", ">/", "fill", "fill_left", "fill_right", "anchored", "smoothed"];

/** `/api/v1/features`: what of Prometheus there is, by category, for clients to switch on by. */
export function features(): Response {
  return success(FEATURES);
}

const on = (names: string): Record<string, boolean> =>
  Object.fromEntries(names.split(" ").map((n) => [n, true]));
const off = (names: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(names.map((n) => [n, false]));

const FEATURES = {
  api: {
    ...on(
      "admin exclude_alerts native_histograms query_exemplars query_stats query_warnings remote_read rules_pagination search",
    ),
    ...off(["notifications_live"]),
  },
  otlp_receiver: on("delta_conversion"),
  prometheus: {
    ...off(["agent_mode", "auto_reload_config"]),
    ...on("exemplar_storage remote_write_receiver"),
  },
  promql: {
    ...on(
      "at_modifier bool by duration_expr experimental_functions group_left group_right ignoring negative_offset offset on per_query_lookback_delta per_step_stats subqueries without",
    ),
    ...off(["anchored", "fill", "fill_left", "fill_right", "smoothed"]),
  },
  promql_functions: Object.fromEntries([...SIGNATURES.keys()].map((name) => [name, true])),
  promql_operators: {
    ...on(OPERATORS),
    ...Object.fromEntries(AGGREGATORS.map((name) => [name, true])),
    ...off(WITHOUT),
  },
  rules: on("keep_firing_for query_offset"),
  tsdb: on("exemplars native_histograms out_of_order"),
};
