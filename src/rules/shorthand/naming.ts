import type { Fields } from "../../alerting/yaml-fields";
import {
  type Expr,
  parseExpr,
  parseSelector,
  renderExpr,
  renderParseError,
  typeOf,
} from "../../promql";
import { NotCompiled } from "./compile-condition";
import type { Condition } from "./condition";
import { plainAggregate } from "./aggregates";
import type { ResolveOptions, Resolved } from "./alternatives";
import { resolveFamily, resolvePath } from "./conventions";
import { refuseInside } from "./fields";

type Path = Condition & { readonly kind: "path" };

/** What a file's `metrics:` says of a path. */
type Given =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "promql"; readonly parsed: Expr };

const PATH = /^[A-Za-z_:][A-Za-z0-9_:]*(?:\.[A-Za-z0-9_-]+)*$/;

/** What paths mean in one file: its own `metrics:` first, then the conventions. */
export class Naming {
  private readonly given = new Map<string, Given>();

  /** Takes `metrics:` from the file. @throws Refused where an expression does not parse */
  constructor(source: string, root: Fields) {
    for (const [path, text, node] of root.textMap("metrics")) {
      if (PATH.test(text)) {
        this.given.set(path, { kind: "path", path: text });
        continue;
      }
      const parsed = parseExpr(text);
      if (!parsed.ok)
        refuseInside(
          source,
          node,
          parsed.error.column,
          `metrics: ${JSON.stringify(path)}: could not parse expression: ${renderParseError(parsed.error)}`,
        );
      else if (typeOf(parsed.value) !== "vector")
        root.file.refuse(
          node,
          "value_wrong",
          `metrics: ${JSON.stringify(path)}: the expression gives a ${typeOf(parsed.value)}, not an instant vector`,
        );
      else this.given.set(path, { kind: "promql", parsed: parsed.value });
    }
  }

  has(path: string): boolean {
    return this.given.has(path);
  }

  /** @throws NotCompiled */
  resolve(path: Path, options: Omit<ResolveOptions, "matchers">): Resolved {
    checkMatchers(path);
    const o = { ...options, matchers: path.matchers };
    const whole = this.given.get(path.path);
    if (whole?.kind === "promql") return this.mapped(whole, path, undefined);
    if (whole?.kind === "path") return taken(path, resolvePath(whole.path, o));
    const base = this.given.get(path.path.slice(0, Math.max(0, path.path.lastIndexOf("."))));
    if (base?.kind === "path") return taken(path, resolveFamily(base.path, path.path, o));
    if (base?.kind === "promql") {
      const op = plainAggregate(path.path);
      if (op !== undefined) return this.mapped(base, path, op);
      throw new NotCompiled(
        `${JSON.stringify(path.path)}: metrics: maps what stands before the last dot to an expression, of which avg, max, min and sum alone can be taken; map the whole path`,
        path.at,
      );
    }
    return taken(path, resolvePath(path.path, o));
  }

  private mapped(
    given: Given & { readonly kind: "promql" },
    path: Path,
    op: string | undefined,
  ): Resolved {
    if (path.matchers !== "")
      throw new NotCompiled(
        `${JSON.stringify(path.path)} is mapped to an expression: write its matchers there`,
        path.at,
      );
    // Printed anew: a comment in the text would swallow what follows it.
    const text = renderExpr(given.parsed);
    if (op !== undefined) return { expr: `${op}(${text})`, shape: "totals", metrics: [] };
    return {
      expr: text,
      shape: withoutLabels(given.parsed) ? "totals" : "series",
      metrics: [],
    };
  }
}

/** Matchers as PromQL has them: `{endpoint="/a",code=~"5.."}`. */
function checkMatchers(path: Path): void {
  if (path.matchers === "") return;
  const parsed = parseSelector(`x{${path.matchers}}`);
  if (!parsed.ok)
    throw new NotCompiled(
      `${JSON.stringify(path.path)}: matchers: ${renderParseError(parsed.error)}`,
      path.at,
    );
}

function taken(path: Path, r: ReturnType<typeof resolvePath>): Resolved {
  if (!r.ok) throw new NotCompiled(r.error.message, path.at);
  // `or`, `offset` and `Inf` mean something else in PromQL.
  const parsed = parseExpr(r.value.expr);
  if (parsed.ok && typeOf(parsed.value) === "vector") return r.value;
  throw new NotCompiled(`${JSON.stringify(path.path)} cannot name a metric`, path.at);
}

/** Whether an expression gives one sample without labels. */
function withoutLabels(e: Expr): boolean {
  switch (e.kind) {
    case "number":
      return true;
    case "aggregate":
      return !e.without && e.grouping.every((l) => l === "le");
    case "paren":
    case "unary":
      return withoutLabels(e.expr);
    case "binary":
      return withoutLabels(e.lhs) && withoutLabels(e.rhs);
    case "call":
      return e.args.every((a) => typeOf(a) === "scalar" || withoutLabels(a));
    default:
      return false;
  }
}
