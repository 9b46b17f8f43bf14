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
  validateSearch: (search: Readonly<Record<string, unknown>>): { q?: string; range?: string } => ({
    ...(typeof search["q"] === "string" ? { q: search["q"] } : {}),
    ...(typeof search["range"] === "string" ? { range: search["range"] } : {}),
  }),
  component: lazyRouteComponent(() => import("./pages/explore"), "ExplorePage"),
});

const routes = root.addChildren([
  login,
  inside.addChildren([index, monitoring, receiver, alerts, explore]),
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
