import type { AtModifier, DurationExpr, Expr, VectorMatching, VectorSelector } from "./ast";
import { METRIC_NAME } from "../core/labels";
import { renderDuration } from "../core/duration";
import { formatShortest } from "./format-float";
import { quote } from "./quoting";

const IDENTIFIER = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The expression as text, in one line, that parses back to the same. */
export function renderExpr(e: Expr): string {
  switch (e.kind) {
    case "number":
      return e.isDuration ? durationText(Math.round(e.value * 1000)) : formatShortest(e.value);
    case "string":
      return quote(e.value);
    case "paren":
      return `(${renderExpr(e.expr)})`;
    case "unary":
      return `${e.op}${renderExpr(e.expr)}`;
    case "vectorSelector":
      return selectorHead(e) + modifiers(e.at, e.offset);
    case "matrixSelector":
      return `${selectorHead(e.selector)}[${renderDurationExpr(e.range)}]${modifiers(e.selector.at, e.selector.offset)}`;
    case "subquery": {
      const step = e.step === undefined ? "" : renderDurationExpr(e.step);
      return `${renderExpr(e.expr)}[${renderDurationExpr(e.range)}:${step}]${modifiers(e.at, e.offset)}`;
    }
    case "binary":
      return `${renderExpr(e.lhs)} ${e.op}${e.returnBool ? " bool" : ""}${renderMatching(e.matching)} ${renderExpr(e.rhs)}`;
    case "aggregate": {
      const args =
        e.param === undefined
          ? renderExpr(e.expr)
          : `${renderExpr(e.param)}, ${renderExpr(e.expr)}`;
      const names = e.grouping.map(labelName).join(", ");
      const clause = e.without ? ` without (${names}) ` : names === "" ? "" : ` by (${names}) `;
      return `${e.op}${clause}(${args})`;
    }
    case "call":
      return `${e.func}(${e.args.map(renderExpr).join(", ")})`;
  }
}

export function renderMatching(m: VectorMatching | undefined): string {
  if (m === undefined) return "";
  const grouped = m.card === "many-to-one" || m.card === "one-to-many";
  if (m.labels.length === 0 && !m.on && !grouped) return "";
  let out = ` ${m.on ? "on" : "ignoring"} (${m.labels.map(labelName).join(", ")})`;
  if (grouped)
    out += ` ${m.card === "many-to-one" ? "group_left" : "group_right"} (${m.include.map(labelName).join(", ")})`;
  return out;
}

export function labelName(name: string): string {
  return LABEL.test(name) ? name : quote(name);
}

/** Name and matchers without modifiers. */
export function selectorHead(s: VectorSelector): string {
  const plain = s.name !== "" && IDENTIFIER.test(s.name);
  const parts = s.matchers
    .filter(
      (m) => !(m.name === METRIC_NAME && m.type === "=" && m.value === s.name && s.name !== ""),
    )
    .map((m) =>
      m.name === METRIC_NAME && m.type === "=" && s.name === "" && !IDENTIFIER.test(m.value)
        ? quote(m.value)
        : `${labelName(m.name)}${m.type}${quote(m.value)}`,
    );
  parts.sort();
  if (s.name !== "" && !plain) parts.unshift(quote(s.name));
  const braces = parts.length === 0 ? "" : `{${parts.join(",")}}`;
  return `${plain ? s.name : ""}${braces}`;
}

function modifiers(at: AtModifier | undefined, offset: DurationExpr | undefined): string {
  let out = "";
  if (at !== undefined)
    out += at.kind === "time" ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
  if (offset !== undefined) out += ` offset ${renderDurationExpr(offset)}`;
  return out;
}

function durationText(ms: number): string {
  return ms < 0 ? `-${renderDuration(-ms)}` : renderDuration(ms);
}

export function renderDurationExpr(d: DurationExpr): string {
  switch (d.kind) {
    case "literal":
      return durationText(d.ms);
    case "step":
    case "range":
      return `${d.kind}()`;
    case "negate":
      return `-${renderDurationExpr(d.of)}`;
    case "paren":
      return `(${renderDurationExpr(d.of)})`;
    case "arith":
      return `${renderDurationExpr(d.lhs)} ${d.op} ${renderDurationExpr(d.rhs)}`;
    case "pick":
      return `${d.func}(${renderDurationExpr(d.lhs)}, ${renderDurationExpr(d.rhs)})`;
  }
}
