import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { currentSession } from "./session/session";
import { Failed, NotFound } from "./pages/failed";
import { Shell } from "./shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Readonly<Record<string, unknown>>): { to?: string } => {
    const to = search["to"];
    // Only an address of our own: nobody is sent elsewhere after logging in.
    return typeof to === "string" && /^\/(?!\/)/.test(to) ? { to } : {};
  },
  component: lazyRouteComponent(() => import("./pages/login"), "LoginPage"),
});

/** Everything behind a session. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    const session = await currentSession();
    if (session === null) throw redirect({ to: "/login", search: { to: location.href } });
    return { session };
  },
  component: Shell,
  errorComponent: Failed,
});

const index = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/monitoring" });
  },
});
const monitoring = createRoute({
  getParentRoute: () => inside,
  path: "/monitoring",
  component: lazyRouteComponent(() => import("./pages/monitoring"), "MonitoringPage"),
});
const receiver = createRoute({
  getParentRoute: () => inside,
  path: "/receiver",
  component: lazyRouteComponent(() => import("./pages/receiver"), "ReceiverPage"),
});
const alerts = createRoute({
  getParentRoute: () => inside,
  path: "/alerts",
  component: lazyRouteComponent(() => import("./pages/alerts"), "AlertsPage"),
});
const explore = createRoute({
  getParentRoute: () => inside,
  path: "/explore",
  validateSearch: (search: Readonly<Record<string, unknown>>): { q?: string; range?: string } =>
    texts(search, ["q", "range"]),
  component: lazyRouteComponent(() => import("./pages/explore"), "ExplorePage"),
});
const logs = createRoute({
  getParentRoute: () => inside,
  path: "/logs",
  validateSearch: (search: Readonly<Record<string, unknown>>): LogSearch =>
    texts(search, ["query", "service", "level", "range", "to", "trace"]),
  component: lazyRouteComponent(() => import("./pages/logs"), "LogsPage"),
});
const traces = createRoute({
  getParentRoute: () => inside,
  path: "/traces",
  component: lazyRouteComponent(() => import("./pages/traces"), "TracesPage"),
});
const trace = createRoute({
  getParentRoute: () => inside,
  path: "/traces/$id",
  component: lazyRouteComponent(() => import("./pages/trace"), "TracePage"),
});
const events = createRoute({
  getParentRoute: () => inside,
  path: "/events",
  component: lazyRouteComponent(() => import("./pages/events"), "EventsPage"),
});
const incidents = createRoute({
  getParentRoute: () => inside,
  path: "/incidents",
  component: lazyRouteComponent(() => import("./pages/incidents"), "IncidentsPage"),
});
const incident = createRoute({
  getParentRoute: () => inside,
  path: "/incidents/$id",
  component: lazyRouteComponent(() => import("./pages/incident"), "IncidentPage"),
});
const rules = createRoute({
  getParentRoute: () => inside,
  path: "/rules",
  component: lazyRouteComponent(() => import("./pages/rules"), "RulesPage"),
});
const backtest = createRoute({
  getParentRoute: () => inside,
  path: "/rules/backtest",
  validateSearch: (
    search: Readonly<Record<string, unknown>>,
  ): { namespace?: string; group?: string } => texts(search, ["namespace", "group"]),
  component: lazyRouteComponent(() => import("./pages/backtest"), "BackTestPage"),
});
const alertHistory = createRoute({
  getParentRoute: () => inside,
  path: "/alerts/history",
  component: lazyRouteComponent(() => import("./pages/alert-history"), "AlertHistoryPage"),
});
const heartbeats = createRoute({
  getParentRoute: () => inside,
  path: "/heartbeats",
  component: lazyRouteComponent(() => import("./pages/heartbeats"), "HeartbeatsPage"),
});
const targets = createRoute({
  getParentRoute: () => inside,
  path: "/targets",
  component: lazyRouteComponent(() => import("./pages/targets"), "TargetsPage"),
});
const cardinality = createRoute({
  getParentRoute: () => inside,
  path: "/cardinality",
  component: lazyRouteComponent(() => import("./pages/cardinality"), "CardinalityPage"),
});
const reports = createRoute({
  getParentRoute: () => inside,
  path: "/reports",
  validateSearch: (search: Readonly<Record<string, unknown>>): { id?: string } =>
    texts(search, ["id"]),
  component: lazyRouteComponent(() => import("./pages/reports"), "ReportsPage"),
});
// Where messages link to.
const report = createRoute({
  getParentRoute: () => inside,
  path: "/reports/$id",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/reports", search: { id: params.id } });
  },
});
const receivers = createRoute({
  getParentRoute: () => inside,
  path: "/settings/receivers",
  component: lazyRouteComponent(() => import("./pages/receivers"), "ReceiversPage"),
});
const tokens = createRoute({
  getParentRoute: () => inside,
  path: "/settings/tokens",
  component: lazyRouteComponent(() => import("./pages/tokens"), "TokensPage"),
});

interface LogSearch {
  readonly query?: string | undefined;
  readonly service?: string | undefined;
  readonly level?: string | undefined;
  readonly range?: string | undefined;
  readonly to?: string | undefined;
  readonly trace?: string | undefined;
}

/** Those parameters of an address that are texts. */
function texts<K extends string>(
  search: Readonly<Record<string, unknown>>,
  names: readonly K[],
): { [P in K]?: string } {
  const out: { [P in K]?: string } = {};
  for (const name of names) {
    const value = search[name];
    // The router reads 500 as a number and true as a boolean.
    if (typeof value === "string" && value !== "") out[name] = value;
    else if (typeof value === "number" || typeof value === "boolean") out[name] = String(value);
  }
  return out;
}

const routes = root.addChildren([
  login,
  inside.addChildren([
    index,
    monitoring,
    receiver,
    alerts,
    explore,
    logs,
    traces,
    trace,
    events,
    incidents,
    incident,
    rules,
    backtest,
    alertHistory,
    heartbeats,
    targets,
    cardinality,
    reports,
    report,
    receivers,
    tokens,
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: "intent",
  defaultErrorComponent: Failed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
