import type { ProbeModule } from "./probe";
import type { ProbeModules } from "./probe-config";
import type { Target } from "./targets";

/**
 * Whether a target is a probe that Vedette does itself: the usual shape of a blackbox job (`metrics_path: /probe`, the
 * `target` and `module` parameters) with a module that is configured here. The exporter's address does not matter then.
 */
export function probeOf(
  target: Target,
  modules: ProbeModules,
): { readonly module: ProbeModule; readonly target: string } | undefined {
  const url = new URL(target.url);
  if (url.pathname !== "/probe") return undefined;
  const name = url.searchParams.get("module") ?? "http_2xx";
  const asked = url.searchParams.get("target");
  const module = Object.hasOwn(modules, name) ? modules[name] : undefined;
  return module === undefined || asked === null ? undefined : { module, target: asked };
}
