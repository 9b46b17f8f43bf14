import { METRIC_NAME, compareStrings } from "../core/labels";
import type { Cardinality, NamedCount } from "../core/metric-store";
import { HOUR_MS } from "./manifest";
import type { QuerySource } from "./query";

/** Samples of a series that began within this count as churn. */
const CHURN_MS = HOUR_MS;

/**
 * What fills the series index, the `limit` largest of each list, as Prometheus counts it
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-stats). A series is new where the head and the
 * segments, which reach back two hours at least, hold no sample of it older than an hour.
 */
export function cardinalityOf(
  source: QuerySource,
  maxSeries: number,
  now: number,
  limit: number,
): Cardinality {
  const { table } = source.state;
  table.symbolise();
  const { symbols } = table;
  const metric = symbols.find(METRIC_NAME);
  const perMetric = new Map<number, number>();
  /** Series by value, for each label name; all of them symbols. */
  const perPair = new Map<number, Map<number, number>>();
  let activeSeries = 0;
  for (let ref = 0; ref < table.size; ref++) {
    if (!table.isLive(ref) || table.lastTime[ref] === -Infinity) continue;
    activeSeries++;
    const ids = table.symbolsOf(ref);
    for (let i = 0; i < ids.length; i += 2) {
      const name = ids[i] as number;
      let values = perPair.get(name);
      if (values === undefined) perPair.set(name, (values = new Map()));
      add(values, ids[i + 1] as number);
      if (name === metric) add(perMetric, ids[i + 1] as number);
    }
  }
  const text = (id: number): string => symbols.text(id);
  const named = (counts: Iterable<readonly [number, number]>): NamedCount[] =>
    Array.from(counts, ([id, value]) => ({ name: text(id), value }));
  const bytes = [...perPair].map(([name, values]): [number, number] => [
    name,
    [...values].reduce((n, [value, series]) => n + symbols.bytesOf(value).length * series, 0),
  ]);
  const pairs = new Largest(limit);
  for (const [name, values] of perPair)
    for (const [value, series] of values) pairs.offer(series, () => `${text(name)}=${text(value)}`);

  const hot = firstTimes(source);
  const begun = new Map<number, number>();
  hot.first.forEach((timeMs, ref) => {
    if (timeMs >= now - CHURN_MS && table.isLive(ref)) add(begun, table.valueOf(ref, metric));
  });
  return {
    activeSeries,
    maxSeries,
    chunks: hot.chunks,
    minTimeMs: hot.minMs,
    maxTimeMs: hot.maxMs,
    seriesCountByMetricName: largest(named(perMetric), limit),
    labelValueCountByLabelName: largest(
      named([...perPair].map(([name, values]) => [name, values.size] as const)),
      limit,
    ),
    memoryInBytesByLabelName: largest(named(bytes), limit),
    seriesCountByLabelValuePair: pairs.list(),
    newSeriesByMetricName: largest(named([...begun].filter(([value]) => value >= 0)), limit),
  };
}

/** The first sample of each series in the head and the segments, from the tables of the pages alone. */
function firstTimes(source: QuerySource): {
  readonly first: ReadonlyMap<number, number>;
  readonly chunks: number;
  readonly minMs: number;
  readonly maxMs: number;
} {
  const { head } = source.state;
  const first = new Map<number, number>();
  let chunks = head.series.length;
  let { minTime: minMs, maxTime: maxMs } = head;
  const note = (ref: number, timeMs: number): void => {
    if (timeMs < (first.get(ref) ?? Infinity)) first.set(ref, timeMs);
  };
  for (const ref of head.series) {
    const s = head.read(ref, -Infinity, Infinity);
    if (s.to > s.from) note(ref, head.base + (s.offsets[s.from] as number));
  }
  for (const block of source.blocks) {
    if (block.level !== 0) continue;
    const { refs } = source.store.refs(block);
    minMs = Math.min(minMs, block.minMs);
    maxMs = Math.max(maxMs, block.maxMs);
    const all = Int32Array.from(refs, (_, local) => local);
    source.store.read(block, all, -Infinity, Infinity, (local, chunkMin) => {
      chunks++;
      note(refs[local] as number, chunkMin);
    });
  }
  return { first, chunks, minMs, maxMs };
}

/** Keeps the `limit` largest of many counts; a name is made only for one that is kept. */
class Largest {
  private kept: NamedCount[] = [];

  constructor(private readonly limit: number) {}

  offer(value: number, name: () => string): void {
    const full = this.kept.length >= 4 * this.limit;
    if (full) this.kept = largest(this.kept, this.limit);
    const least = full ? this.kept.at(-1) : undefined;
    if (least === undefined || value >= least.value) this.kept.push({ name: name(), value });
  }

  list(): NamedCount[] {
    return largest(this.kept, this.limit);
  }
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function largest(counts: readonly NamedCount[], limit: number): NamedCount[] {
  return [...counts]
    .sort((a, b) => b.value - a.value || compareStrings(a.name, b.name))
    .slice(0, limit);
}
