import { Badge, Box, Code, Group, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { AppLink } from "../components/app-link";
import { getJson } from "../api/client";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { colorOf } from "../components/time-chart";
import { type TraceSpan, waterfall, type WaterfallRow } from "../components/waterfall";
import { counted, formatSeconds, formatTime } from "../format";

interface Trace {
  readonly trace_id: string;
  readonly spans: readonly TraceSpan[];
}

/** One trace as a waterfall. */
export function TracePage(): ReactNode {
  const { id } = useParams({ from: "/inside/traces/$id" });
  const trace = useQuery({
    queryKey: ["trace", id],
    queryFn: ({ signal }) => getJson<Trace>(`/api/v1/traces/${encodeURIComponent(id)}`, signal),
  });
  return (
    <>
      <PageHeader title="Trace" note={<Code>{id}</Code>}>
        <AppLink to="/logs" search={{ trace: id, range: "24h" }} fz="sm">
          Its log lines
        </AppLink>
        <AppLink to="/traces" fz="sm">
          All traces
        </AppLink>
      </PageHeader>
      <QueryState query={trace}>{(t) => <Waterfall spans={t.spans} />}</QueryState>
    </>
  );
}

function Waterfall({ spans }: { readonly spans: readonly TraceSpan[] }): ReactNode {
  const { rows, totalMs } = useMemo(() => waterfall(spans), [spans]);
  const services = useMemo(() => [...new Set(spans.map((s) => s.service))], [spans]);
  const first = rows[0]?.span;
  return (
    <Panel
      title={first?.name ?? "Trace"}
      note={`${formatSeconds(totalMs / 1000)} · ${counted(spans.length, "span")} · ${first === undefined ? "" : formatTime(Number(BigInt(first.start_ns) / 1_000_000n))}`}
      actions={services.map((s, i) => (
        <Group key={s} gap={4} wrap="nowrap">
          <span className="vd-dot" style={{ background: colorOf(i) }} />
          <Text fz="xs">{s}</Text>
        </Group>
      ))}
    >
      {rows.map((r) => (
        <SpanRow
          key={r.span.span_id}
          row={r}
          totalMs={totalMs}
          color={colorOf(services.indexOf(r.span.service))}
        />
      ))}
    </Panel>
  );
}

function SpanRow({
  row,
  totalMs,
  color,
}: {
  readonly row: WaterfallRow;
  readonly totalMs: number;
  readonly color: string;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const { span } = row;
  const failed = span.status === "error";
  const share = (ms: number): number => (totalMs === 0 ? 0 : (ms / totalMs) * 100);
  const left = share(row.offsetMs);
  const width = share(row.durationMs);
  return (
    <div data-testid="span">
      <button
        type="button"
        className="vd-plain"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <div className="vd-span">
          <Text component="div" fz="xs" truncate py={4} pl={12 + row.depth * 14} pr={8}>
            {failed && (
              <Text component="span" inherit c="red.5" fw={700} aria-label="failed">
                {"! "}
              </Text>
            )}
            {span.name}{" "}
            <Text component="span" inherit c="dimmed">
              {span.service}
            </Text>
          </Text>
          <div className="vd-span-track">
            <div
              className="vd-span-bar"
              style={{
                left: `${left}%`,
                width: `${width}%`,
                background: failed ? "var(--mantine-color-red-6)" : color,
              }}
            />
            <span
              className="vd-span-time vd-num"
              style={
                left + width > 85
                  ? left < 15
                    ? { right: 6, color: "var(--mantine-color-black)" }
                    : { right: `${100 - left}%`, paddingRight: 6 }
                  : { left: `${left + width}%`, paddingLeft: 6 }
              }
            >
              {formatSeconds(row.durationMs / 1000)}
            </span>
          </div>
        </div>
      </button>
      {open && <SpanDetails span={span} />}
    </div>
  );
}

function SpanDetails({ span }: { readonly span: TraceSpan }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ["span id", span.span_id],
    ["kind", span.kind],
    [
      "status",
      span.status_message === undefined ? span.status : `${span.status}: ${span.status_message}`,
    ],
    ...Object.entries(span.attributes).map(([k, v]) => [k, shown(v)] as const),
  ];
  return (
    <Box px={16} py={6} bg="var(--mantine-color-default-hover)">
      <Table withRowBorders={false} verticalSpacing={1} fz="xs" ff="monospace" layout="fixed">
        <Table.Tbody>
          {facts.map(([k, v]) => (
            <Table.Tr key={k}>
              <Table.Td w={220} c="dimmed" className="vd-wrap">
                {k}
              </Table.Td>
              <Table.Td className="vd-wrap">{v}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {span.events.map((e, i) => (
        <Group key={`${e.time_ns}/${i}`} gap={8} mt={4} wrap="nowrap" align="flex-start">
          <Badge size="xs" color={e.name === "exception" ? "red" : "blue"} tt="none">
            {e.name}
          </Badge>
          <Text fz="xs" ff="monospace" className="vd-wrap" style={{ whiteSpace: "pre-wrap" }}>
            {Object.entries(e.attributes)
              .map(([k, v]) => `${k}=${shown(v)}`)
              .join("\n")}
          </Text>
        </Group>
      ))}
    </Box>
  );
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
