import type { DescribedPoint, SeriesDescription } from "../../../src/promql/series-description";
import type { EvalCommand, Expectations, MessageMatch } from "./script";

/**
 * The same eval expecting something else in every respect: values, messages, the
 * presence of annotations, failure. An eval that still passes checks nothing.
 */
export function mutated(c: EvalCommand): EvalCommand {
  return { ...c, expect: expectOtherwise(c.expect) };
}

function expectOtherwise(e: Expectations): Expectations {
  const bogus: SeriesDescription = {
    labels: ["__name__", "never_there"],
    points: [{ kind: "float", value: 1 }],
  };
  const specific = (ms: readonly MessageMatch[]): MessageMatch[] =>
    ms.filter((m) => m.kind !== "any").map(otherMessage);
  return {
    fails: specific(e.fails),
    warns: e.noWarn ? [{ kind: "any" }] : specific(e.warns),
    infos: e.noInfo ? [{ kind: "any" }] : specific(e.infos),
    noWarn: e.warns.length > 0,
    noInfo: e.infos.length > 0,
    ordered: e.ordered,
    string: e.string === undefined ? undefined : `${e.string}!`,
    scalar: e.scalar === undefined ? undefined : otherValue(e.scalar),
    rangeVector: e.rangeVector,
    series:
      e.series.length === 0
        ? [bogus]
        : e.series.map((s) => ({ ...s, points: s.points.map(otherPoint) })),
  };
}

function otherMessage(m: MessageMatch): MessageMatch {
  switch (m.kind) {
    case "any":
      return m;
    case "msg":
      return { kind: "msg", text: `${m.text}!` };
    case "regex":
      return { kind: "regex", pattern: `^never (?:${m.pattern})` };
  }
}

function otherValue(v: number): number {
  return Number.isFinite(v) ? 3 * Math.abs(v) + 1 : 0.5;
}

function otherPoint(p: DescribedPoint): DescribedPoint {
  return p.kind === "float"
    ? { kind: "float", value: otherValue(p.value) }
    : p.kind === "histogram"
      ? { ...p, histogram: { ...p.histogram, sum: otherValue(p.histogram.sum) } }
      : { kind: "float", value: 0.5 };
}
