import { renderDuration } from "../../core/duration";
import type { Condition } from "./condition";
import type { ResolveOptions, Resolved } from "./alternatives";
import { type Unit, quotient } from "./units";

/** Names a path's metric in PromQL, or throws {@link NotCompiled}. */
export type Resolve = (
  path: Condition & { readonly kind: "path" },
  options: Pick<ResolveOptions, "unit">,
) => Resolved;

export interface Compiled {
  /** PromQL, not yet printed. */
  readonly expr: string;
  readonly metrics: readonly string[];
  /** The unit of the alert's value: that of its first comparison. */
  readonly unit: Unit | undefined;
}

/** What a condition means no expression for; `column` counts from 1 in its text. */
export class NotCompiled extends Error {
  override readonly name = "NotCompiled";
  constructor(
    message: string,
    readonly column: number,
  ) {
    super(message);
  }
}

/** A condition as PromQL whose value is the left side of its first comparison that holds. */
export function compileCondition(
  condition: Condition,
  resolve: Resolve,
  by: readonly string[],
): Compiled {
  const c = new Compiler(resolve, by);
  const expr = c.condition(condition).expr;
  return { expr, metrics: c.metrics, unit: c.unit };
}

interface Operand {
  readonly expr: string;
  readonly shape: Resolved["shape"] | "scalar";
  readonly percent?: boolean | undefined;
}

class Compiler {
  readonly metrics: string[] = [];
  unit: Unit | undefined;
  private compared = false;

  constructor(
    private readonly resolve: Resolve,
    private readonly by: readonly string[],
  ) {}

  condition(c: Condition): Operand {
    if (c.kind === "logic") {
      const [left, right] = [this.condition(c.left), this.condition(c.right)];
      const match = left.shape === right.shape ? "" : ` on (${this.by.join(", ")})`;
      const expr = `${side(left)} ${c.op}${match} ${side(right)}`;
      return { expr, shape: left.shape };
    }
    if (c.kind !== "comparison")
      throw new NotCompiled("a condition compares a metric with a number: metric.path > 5", c.at);
    const unit = this.unitOf(c);
    const [left, right] = [this.value(c.left, unit), this.value(c.right, unit)];
    if (!this.compared) this.unit = unit;
    this.compared = true;
    if (left.shape === "scalar" && right.shape === "scalar")
      throw new NotCompiled("a condition compares a metric with a number: metric.path > 5", c.at);
    for (const [of, number] of [
      [left, c.right],
      [right, c.left],
    ] as const)
      if (of.percent === true && number.kind === "number" && isShare(number))
        throw new NotCompiled(
          `${number.value} of what is in percent: write ${quotient(number.value * 100, 1)}% or ${number.value}%`,
          number.at,
        );
    return this.binary(c.op, left, right);
  }

  /** The unit of a comparison: that of its first number that has one. Factors are plain numbers. */
  private unitOf(c: Condition & { readonly kind: "comparison" }): Unit | undefined {
    let found: Unit | undefined;
    const visit = (n: Condition, factor: boolean): void => {
      if (n.kind === "number" && n.unit !== undefined && !(factor && n.unit.text === "%")) {
        if (found !== undefined && found.dimension !== n.unit.dimension)
          throw new NotCompiled(`${n.unit.text} and ${found.text} cannot be compared`, n.at);
        found ??= n.unit;
      }
      if (n.kind === "arithmetic") {
        const product = n.op === "*" || n.op === "/";
        visit(n.left, product);
        visit(n.right, product);
      }
    };
    visit(c.left, false);
    visit(c.right, false);
    return found;
  }

  private value(c: Condition, unit: Unit | undefined, factor = false): Operand {
    switch (c.kind) {
      case "number": {
        const { value } = c;
        const of =
          c.unit === undefined
            ? 1
            : factor && c.unit.text === "%"
              ? 0.01
              : quotient(c.unit.factor, unit?.factor ?? 1);
        return { expr: String(quotient(value * of, 1)), shape: "scalar" };
      }
      case "path":
        return this.path(c, unit);
      case "call":
        return this.call(c, unit);
      case "arithmetic": {
        const product = c.op === "*" || c.op === "/";
        return this.binary(
          c.op,
          this.value(c.left, unit, product),
          this.value(c.right, unit, product),
        );
      }
      default:
        throw new NotCompiled("a comparison stands where a value is needed", c.at);
    }
  }

  private path(c: Condition & { readonly kind: "path" }, unit: Unit | undefined): Operand {
    const { expr, shape, metrics, percent } = this.resolve(c, { unit });
    for (const m of metrics) if (!this.metrics.includes(m)) this.metrics.push(m);
    return { expr, shape, percent };
  }

  /** A slope or a difference over time, of a metric itself or of an expression evaluated every minute. */
  private call(c: Condition & { readonly kind: "call" }, unit: Unit | undefined): Operand {
    const of = this.path(c.path, unit);
    const over = renderDuration(c.overMs);
    const range = SELECTOR.test(of.expr) ? `${of.expr}[${over}]` : `(${of.expr})[${over}:1m]`;
    if (c.func === "change") return { expr: `delta(${range})`, shape: of.shape };
    const per = c.perMs / 1_000;
    const slope = `deriv(${range})`;
    return { expr: per === 1 ? slope : `${per} * ${slope}`, shape: of.shape };
  }

  private binary(op: string, left: Operand, right: Operand): Operand {
    const expr = `${side(left)} ${op}${this.matching(left, right)} ${side(right)}`;
    const shape = left.shape === "series" || right.shape === "scalar" ? left.shape : right.shape;
    return { expr, shape };
  }

  /** Totals have fewer labels than a metric's own series. */
  private matching(left: Operand, right: Operand): string {
    if (left.shape === "scalar" || right.shape === "scalar" || left.shape === right.shape)
      return "";
    const many = left.shape === "series" ? "group_left" : "group_right";
    return ` on (${this.by.join(", ")}) ${many} ()`;
  }
}

const SELECTOR = /^[A-Za-z_:][A-Za-z0-9_:]*(?:\{[^{}]*\})?$/;

/** Code compares shares of one with 0.05. */
function isShare(n: Condition & { readonly kind: "number" }): boolean {
  return n.unit === undefined && n.value > 0 && n.value < 1;
}

/** What of its parentheses is needless goes when the whole is printed. */
function side(o: Operand): string {
  return `(${o.expr})`;
}
