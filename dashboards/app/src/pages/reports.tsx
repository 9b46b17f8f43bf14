import { Alert, Badge, Grid, List, NavLink, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { DailyReport } from "../../../../src/reports/daily";
import { type DayFigures, listReports, previewReport } from "../api/reports";
import { Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatNumber, formatSeconds, formatShare, formatTime } from "../format";

interface Row {
  readonly key: keyof DayFigures;
  readonly title: string;
  readonly format: (value: number | null) => string;
  /** Whether more is good, bad, or neither. */
  readonly more: "good" | "bad" | "neither";
}

const ROWS: readonly Row[] = [
  { key: "requests", title: "Requests", format: formatNumber, more: "neither" },
  { key: "errors", title: "Failed requests", format: formatNumber, more: "bad" },
  { key: "error_rate", title: "Error rate", format: formatShare, more: "bad" },
  { key: "p95_seconds", title: "p95 latency", format: formatSeconds, more: "bad" },
  { key: "events", title: "Events", format: formatNumber, more: "good" },
  { key: "visitors", title: "Visitors", format: formatNumber, more: "good" },
  { key: "page_views", title: "Page views", format: formatNumber, more: "good" },
  { key: "log_lines", title: "Log lines", format: formatNumber, more: "neither" },
  { key: "log_errors", title: "Log errors", format: formatNumber, more: "bad" },
  { key: "spans", title: "Spans", format: formatNumber, more: "neither" },
  { key: "alerts_fired", title: "Alerts fired", format: formatNumber, more: "bad" },
  { key: "incidents_opened", title: "Incidents opened", format: formatNumber, more: "bad" },
  { key: "incidents_resolved", title: "Incidents resolved", format: formatNumber, more: "neither" },
  {
    key: "mean_time_to_resolve_seconds",
    title: "Mean time to resolve",
    format: formatSeconds,
    more: "bad",
  },
];

/** Daily reports, and the day so far. */
export function ReportsPage(): ReactNode {
  const { id } = useSearch({ from: "/inside/reports" });
  const reports = useQuery({ queryKey: ["reports"], queryFn: ({ signal }) => listReports(signal) });
  const today = new Date().toISOString().slice(0, 10);
  const preview = useQuery({
    queryKey: ["report-preview", today],
    queryFn: ({ signal }) => previewReport(today, signal),
    enabled: id === undefined,
    staleTime: 30_000,
  });
  return (
    <>
      <PageHeader title="Reports" />
      <QueryState query={reports}>
        {(list) => {
          const chosen = list.find((r) => r.id === id);
          return (
            <Grid gap="sm">
              <Grid.Col span={{ base: 12, sm: 4, lg: 3 }}>
                <Panel title="Daily">
                  <NavLink
                    label="Today so far"
                    active={id === undefined}
                    renderRoot={(props) => <Link to="/reports" search={{}} {...props} />}
                  />
                  {list.map((r) => (
                    <NavLink
                      key={r.id}
                      label={r.date}
                      description={r.sent_at === null ? "not sent" : "sent"}
                      active={r.id === id}
                      renderRoot={(props) => (
                        <Link to="/reports" search={{ id: r.id }} {...props} />
                      )}
                    />
                  ))}
                  {list.length === 0 && (
                    <Empty
                      title="None written yet"
                      command={`curl -sS -X POST ${location.origin}/api/v1/jobs/daily-report/run -H 'Authorization: Bearer vdt_admin_local'`}
                    >
                      One is written each night; this writes one now.
                    </Empty>
                  )}
                </Panel>
              </Grid.Col>
              <Grid.Col span={{ base: 12, sm: 8, lg: 9 }}>
                {id === undefined ? (
                  <QueryState query={preview}>
                    {(r) => <Report report={r} note="today so far, beside all of yesterday" />}
                  </QueryState>
                ) : chosen === undefined ? (
                  <Alert color="yellow">There is no report {id}.</Alert>
                ) : (
                  <Report
                    report={chosen}
                    note={`written ${formatTime(Date.parse(chosen.written_at))}`}
                  />
                )}
              </Grid.Col>
            </Grid>
          );
        }}
      </QueryState>
    </>
  );
}

function Report({
  report,
  note,
}: {
  readonly report: DailyReport;
  readonly note: string;
}): ReactNode {
  return (
    <>
      <Panel title={report.date} note={note} mb="sm">
        {report.areas_for_improvement.length > 0 && (
          <Alert color="yellow" variant="outline" m="sm" p="xs">
            <List size="sm">
              {report.areas_for_improvement.map((a) => (
                <List.Item key={a}>{a}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        <Table aria-label={`Figures of ${report.date}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Figure</Table.Th>
              <Table.Th ta="right">That day</Table.Th>
              <Table.Th ta="right">Day before</Table.Th>
              <Table.Th ta="right">Change</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ROWS.map((r) => (
              <Table.Tr key={r.key}>
                <Table.Td>{r.title}</Table.Td>
                <Table.Td ta="right" className="vd-num" fw={600} data-testid={`report-${r.key}`}>
                  {r.format(report.summary[r.key])}
                </Table.Td>
                <Table.Td ta="right" className="vd-num" c="dimmed">
                  {r.format(report.previous[r.key])}
                </Table.Td>
                <Table.Td ta="right">
                  <Change percent={report.change_percent[r.key]} more={r.more} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      <Panel title="Top events">
        {report.top_events.length === 0 ? (
          <Empty title="No events that day" />
        ) : (
          <Table aria-label="Top events">
            <Table.Tbody>
              {report.top_events.map((e) => (
                <Table.Tr key={e.event}>
                  <Table.Td>{e.event}</Table.Td>
                  <Table.Td ta="right" className="vd-num" fw={600}>
                    {formatNumber(e.count)}
                  </Table.Td>
                  <Table.Td ta="right" className="vd-num" c="dimmed">
                    {formatNumber(e.previous)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Panel>
    </>
  );
}

function Change({
  percent,
  more,
}: {
  readonly percent: number | null;
  readonly more: Row["more"];
}): ReactNode {
  if (percent === null || percent === 0) {
    return (
      <Text span fz="xs" c="dimmed">
        {percent === null ? "–" : "0 %"}
      </Text>
    );
  }
  const good = more === "neither" ? undefined : percent > 0 === (more === "good");
  return (
    <Badge size="sm" color={good === undefined ? "gray" : good ? "teal" : "red"} className="vd-num">
      {percent > 0 ? "+" : "−"}
      {formatNumber(Math.abs(percent))} %
    </Badge>
  );
}
