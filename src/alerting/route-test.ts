import type { StringMap } from "../core/alerts";
import type { Route, RouterConfig } from "./config";
import { groupKey, groupLabels, matchRoutes } from "./routing";

/** A route that takes an alert, and the group that the alert would join there. */
export interface TakingRoute {
  readonly route: Route;
  readonly groupLabels: StringMap;
  readonly groupKey: string;
}

/** The routes that would take an alert with these labels, in the tree's order. */
export function takingRoutes(config: RouterConfig, labels: StringMap): TakingRoute[] {
  return matchRoutes(config.route, labels).map((route) => {
    const group = groupLabels(route, labels);
    return { route, groupLabels: group, groupKey: groupKey(route, group) };
  });
}

/** The receivers that would be told, once for each route: what `amtool config routes test` prints. */
export function routesTest(config: RouterConfig, labels: StringMap): string[] {
  return takingRoutes(config, labels).map((taking) => taking.route.receiver);
}
