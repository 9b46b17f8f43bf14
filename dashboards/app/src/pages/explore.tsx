import {
  Alert,
  Autocomplete,
  Box,
  Button,
  Group,
  ScrollArea,
  SegmentedControl,
  Switch,
  Table,
  Text,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useMemo, useState } from "react";
import {
  aligned,
  drawn,
  metricNames,
  parseSample,
  queryRange,
  type RangeSeries,
  renderMetric,
} from "../api/prometheus";
import { Empty } from "../components/empty";
import { HistogramBars } from "../components/histogram-bars";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { type ChartSeries, colorOf, TimeChart } from "../components/time-chart";
import { formatNumber } from "../format";

const RANGES: readonly { readonly value: string; readonly seconds: number }[] = [
  { value: "5m", seconds: 300 },
  { value: "15m", seconds: 900 },
  { value: "1h", seconds: 3_600 },
  { value: "6h", seconds: 21_600 },
  { value: "24h", seconds: 86_400 },
  { value: "7d", seconds: 604_800 },
];
const POINTS = 240;
const MAX_LINES = 40;
/** Native histograms whose newest buckets are drawn; the chart shows the counts of all. */
const MAX_HISTOGRAMS = 6;
const REFRESH_MS = 5_000;

/** PromQL over the project's series, as chart and table. */
export function ExplorePage(): ReactNode {
  const { q, range = "15m" } = useSearch({ from: "/inside/explore" });
  const navigate = useNavigate({ from: "/explore" });
  const [text, setText] = useState(q ?? "");
  const [follow, setFollow] = useState(true);
  const names = useQuery({
    queryKey: ["metric-names"],
    queryFn: ({ signal }) => metricNames(signal),
    staleTime: 30_000,
  });
  const seconds = RANGES.find((r) => r.value === range)?.seconds ?? 900;
  const answer = useQuery({
    queryKey: ["range", q, seconds],
    queryFn: ({ signal }) => {
      const step = Math.max(1, Math.ceil(seconds / POINTS));
      const end = Math.floor(Date.now() / 1000 / step) * step;
      return queryRange(q ?? "", end - seconds, end, step, signal);
    },
    enabled: q !== undefined && q !== "",
    refetchInterval: follow ? REFRESH_MS : false,
    retry: false,
  });

  function run(event: FormEvent): void {
    event.preventDefault();
    const query = text.trim();
    if (query === q) void answer.refetch();
    else void navigate({ search: (old) => ({ ...old, q: query }) });
  }

  return (
    <>
      <PageHeader title="Metrics">
        <Switch
          label="Follow"
          size="xs"
          checked={follow}
          onChange={(e) => setFollow(e.currentTarget.checked)}
        />
        <SegmentedControl
          size="xs"
          data={RANGES.map((r) => r.value)}
          value={range}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, range: value }) })}
          aria-label="Range"
        />
      </PageHeader>
      <form onSubmit={run}>
        <Group gap="xs" mb="sm" wrap="nowrap" align="flex-start">
          <Autocomplete
            flex={1}
            data={(names.data ?? []).slice(0, 2_000)}
            limit={12}
            value={text}
            onChange={setText}
            placeholder="PromQL, e.g. sum by (route) (rate(vedette_http_requests_total[1m]))"
            aria-label="PromQL expression"
            spellCheck={false}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
            selectFirstOptionOnChange={false}
          />
          <Button type="submit" loading={answer.isFetching && !follow}>
            Run
          </Button>
        </Group>
      </form>
      {q === undefined || q === "" ? (
        <Panel title="Nothing asked yet">
          <Empty title="Ask for a series by name, or calculate with PromQL">
            Vedette's own requests are always there:
          </Empty>
          <Group px="md" pb="md" gap="xs">
            {[
              "sum by (route) (rate(vedette_http_requests_total[1m]))",
              "histogram_quantile(0.95, sum by (le) (rate(vedette_http_request_duration_seconds_bucket[5m])))",
              "ALERTS",
            ].map((example) => (
              <Button
                key={example}
                size="compact-sm"
                variant="default"
                ff="monospace"
                fw={400}
                maw="100%"
                onClick={() => {
                  setText(example);
                  void navigate({ search: (old) => ({ ...old, q: example }) });
                }}
              >
                {example}
              </Button>
            ))}
          </Group>
        </Panel>
      ) : (
        <QueryState query={answer}>
          {(data) => (
            <>
              {data.warnings.map((w) => (
                <Alert key={w} color="yellow" variant="outline" mb="sm" p="xs">
                  {w}
                </Alert>
              ))}
              <Answered series={data.series} />
            </>
          )}
        </QueryState>
      )}
    </>
  );
}

function Answered({ series }: { readonly series: readonly RangeSeries[] }): ReactNode {
  const shown = useMemo(() => series.slice(0, MAX_LINES), [series]);
  const chart = useMemo(() => {
    const { times, columns } = aligned(shown);
    const lines: readonly ChartSeries[] = shown.map((s, i) => ({
      label: renderMetric(s.metric),
      values: columns[i] ?? [],
    }));
    return { times, lines };
  }, [shown]);
  if (series.length === 0) {
    return (
      <Panel title="No series">
        <Empty title="No series matches in this range">
          Check the name, the labels, and the range.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel
      title={`${series.length} series`}
      note={series.length > MAX_LINES ? `the first ${MAX_LINES} are drawn` : undefined}
    >
      <Box p="xs">
        <TimeChart times={chart.times} series={chart.lines} />
      </Box>
      {shown.slice(0, MAX_HISTOGRAMS).map((s) => {
        const last = s.histograms?.at(-1)?.[1];
        const label = renderMetric(s.metric);
        return last === undefined ? null : (
          <HistogramBars key={label} label={label} histogram={last} />
        );
      })}
      <ScrollArea.Autosize mah={340} type="auto">
        <Table aria-label="Series and their last value" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Series</Table.Th>
              <Table.Th ta="right">Last</Table.Th>
              <Table.Th ta="right">Least</Table.Th>
              <Table.Th ta="right">Most</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((s, i) => (
              <SeriesRow key={renderMetric(s.metric)} series={s} color={colorOf(i)} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
    </Panel>
  );
}

function SeriesRow({
  series,
  color,
}: {
  readonly series: RangeSeries;
  readonly color: string;
}): ReactNode {
  const samples = drawn(series);
  const values = samples.map(([, v]) => parseSample(v)).filter((v) => v !== null);
  const last = samples.at(-1)?.[1];
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={8} wrap="nowrap">
          <span className="vd-dot" style={{ background: color }} />
          <Text fz="xs" ff="monospace" className="vd-wrap">
            {renderMetric(series.metric)}
          </Text>
        </Group>
      </Table.Td>
      <Table.Td ta="right" className="vd-num" data-testid="series-last">
        {last === undefined ? "–" : formatNumber(parseSample(last))}
      </Table.Td>
      <Table.Td ta="right" className="vd-num">
        {formatNumber(least(values))}
      </Table.Td>
      <Table.Td ta="right" className="vd-num">
        {formatNumber(most(values))}
      </Table.Td>
    </Table.Tr>
  );
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b));
}
