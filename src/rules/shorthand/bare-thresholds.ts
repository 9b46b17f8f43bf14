import type { Fields } from "../../alerting/yaml-fields";
import { innerPosition } from "../yaml-position";
import { compileCondition } from "./compile-condition";
import { composed, inside } from "./condition-text";
import type { ShorthandRule } from "./model";
import { type Shared, literal } from "./read-rule";

/** `response_time_threshold_ms`: a path, and the unit of its number. */
const KEY = /^(?<path>.+?)_threshold(?:_(?<unit>ms|s|percent|mb|gb))?$/;
const UNITS: Readonly<Record<string, string>> = { percent: "%", mb: "MB", gb: "GB" };
/** What is given in percent where nothing else is said. */
const PERCENT = /(?:rate|usage|percent)$/;
/** Of these too little is wrong, of anything else too much. */
const GOOD =
  /delivery|success|availab|uptime|hit_rate|free|remaining|confidence|satisfaction|complian/;

/** `alert_configuration: { error_rate_threshold: 5.0 }`: thresholds by what they are on. @throws Refused */
export function bareThresholds(
  root: Fields,
  field: string,
  { severity, ...shared }: Shared & { readonly severity: string },
): ShorthandRule[] {
  return root.textMap(field).map(([key, text, node]) => {
    const m = KEY.exec(key)?.groups;
    const path = m?.["path"] ?? key;
    const given = m?.["unit"];
    const hasUnit = !/^-?[\d.]+(?:e[+-]?\d+)?$/i.test(text.trim());
    const unit = hasUnit
      ? ""
      : given !== undefined
        ? (UNITS[given] ?? given)
        : PERCENT.test(path)
          ? "%"
          : "";
    // Times are measured many a second: their mean, unless the path says which.
    const of = unit === "ms" || unit === "s" ? `${path}.avg` : path;
    const condition = `${of} ${GOOD.test(path) ? "<" : ">"} ${text.trim()}${unit}`;
    const tree = composed(shared, { text: condition, node });
    const { expr, metrics } = inside(shared, node, () =>
      compileCondition(
        tree,
        (p, o) => shared.naming.resolve(p, { ...o, by: [], windowMs: shared.windowMs }),
        [],
      ),
    );
    const { line, column } = innerPosition(shared.source, node, { line: 1, column: 1 });
    return {
      name: path,
      condition,
      line,
      column,
      expr,
      metrics,
      forMs: 0,
      keepFiringForMs: 0,
      cooldownMs: 0,
      labels: { severity },
      annotations: {
        summary: `${literal(`${path}: `)}{{ $value | humanize }}${literal(` (${condition})`)}`,
      },
    };
  });
}
