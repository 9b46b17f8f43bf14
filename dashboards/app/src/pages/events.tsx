import {
  Badge,
  Grid,
  Group,
  Progress,
  SegmentedControl,
  SimpleGrid,
  Table,
  Text,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { getJson } from "../api/client";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatNumber } from "../format";

/** GET /api/v1/events/summary. */
interface Summary {
  readonly events: number;
  readonly visitors: number;
  readonly sessions: number;
  readonly page_views: number;
  readonly by_event: readonly { readonly event: string; readonly count: number }[];
  readonly top_pages: readonly { readonly path: string; readonly count: number }[];
}

interface EventRow {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly user_id?: string;
  readonly visitor_id?: string;
  readonly anonymous_id?: string;
  readonly path?: string;
  readonly country?: string;
  readonly browser?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const REFRESH_MS = 5_000;

/** Product events: totals of a range and the newest ones. */
export function EventsPage(): ReactNode {
  const [range, setRange] = useState("24h");
  const [event, setEvent] = useState<string>();
  const summary = useQuery({
    queryKey: ["event-summary", range],
    queryFn: ({ signal }) => getJson<Summary>(`/api/v1/events/summary?from=-${range}`, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: (old) => old,
  });
  const params = new URLSearchParams({ from: `-${range}`, limit: "100" });
  if (event !== undefined) params.set("event", event);
  const list = useQuery({
    queryKey: ["events", params.toString()],
    queryFn: ({ signal }) =>
      getJson<{ readonly events: readonly EventRow[] }>(`/api/v1/events?${params}`, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: (old) => old,
  });
  return (
    <>
      <PageHeader title="Events">
        <SegmentedControl
          size="xs"
          data={["1h", "24h", "7d", "30d"]}
          value={range}
          onChange={setRange}
          aria-label="Range"
        />
      </PageHeader>
      <QueryState query={summary}>
        {(s) => (
          <>
            <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm" mb="sm">
              <Total title="Events" value={s.events} />
              <Total title="Visitors" value={s.visitors} />
              <Total title="Sessions" value={s.sessions} />
              <Total title="Page views" value={s.page_views} />
            </SimpleGrid>
            <Grid gap="sm" mb="sm">
              <Grid.Col span={{ base: 12, md: 6 }}>
                <Ranking
                  title="By name"
                  rows={s.by_event.map((e) => ({ name: e.event, count: e.count }))}
                  chosen={event}
                  onChoose={(name) => setEvent(name === event ? undefined : name)}
                />
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 6 }}>
                <Ranking
                  title="Top pages"
                  rows={s.top_pages.map((p) => ({ name: p.path, count: p.count }))}
                />
              </Grid.Col>
            </Grid>
          </>
        )}
      </QueryState>
      <QueryState query={list}>
        {({ events }) => (
          <Panel title="Newest" note={event}>
            {events.length === 0 ? (
              <Empty
                title="No events in this range"
                command={`curl -sS ${location.origin}/api/v1/ingest/events -H 'Authorization: Bearer vdt_ingest_local' -H 'Content-Type: application/json' \\\n  -d '{"event":"signup","user_id":"u1","properties":{"plan":"pro"}}'`}
              />
            ) : (
              <Table.ScrollContainer minWidth={640} type="native">
                <Table aria-label="Newest events">
                  <Table.Tbody>
                    {events.map((e) => (
                      <Table.Tr key={e.id}>
                        <Table.Td w={160}>
                          <Badge size="sm" tt="none">
                            {e.event}
                          </Badge>
                        </Table.Td>
                        <Table.Td maw={180}>
                          <Text fz="xs" ff="monospace" truncate>
                            {e.user_id ?? e.anonymous_id ?? e.visitor_id}
                          </Text>
                        </Table.Td>
                        <Table.Td>
                          <Text fz="xs" c="dimmed" lineClamp={2} className="vd-wrap">
                            {[e.path, e.country, e.browser]
                              .filter((t) => t !== undefined)
                              .join(" · ")}{" "}
                            {Object.keys(e.properties).length > 0
                              ? JSON.stringify(e.properties)
                              : ""}
                          </Text>
                        </Table.Td>
                        <Table.Td w={110} ta="right">
                          <Ago ms={Date.parse(e.timestamp)} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Panel>
        )}
      </QueryState>
    </>
  );
}

function Total({ title, value }: { readonly title: string; readonly value: number }): ReactNode {
  return (
    <div className="vd-panel" style={{ padding: "10px 12px" }}>
      <Text fz="xs" c="dimmed">
        {title}
      </Text>
      <Text component="div" className="vd-card-value vd-num">
        {formatNumber(value)}
      </Text>
    </div>
  );
}

interface RankingProps {
  readonly title: string;
  readonly rows: readonly { readonly name: string; readonly count: number }[];
  readonly chosen?: string | undefined;
  readonly onChoose?: (name: string) => void;
}

function Ranking({ title, rows, chosen, onChoose }: RankingProps): ReactNode {
  const most = rows[0]?.count ?? 1;
  return (
    <Panel title={title} h="100%">
      {rows.length === 0 ? (
        <Empty title="Nothing in this range" />
      ) : (
        <div style={{ padding: "4px 12px 8px" }}>
          {rows.slice(0, 10).map((r) => (
            <button
              key={r.name}
              type="button"
              className="vd-plain"
              disabled={onChoose === undefined}
              aria-pressed={chosen === r.name}
              onClick={() => onChoose?.(r.name)}
              style={{ cursor: onChoose === undefined ? "default" : "pointer" }}
            >
              <Group justify="space-between" gap={8} wrap="nowrap" pt={4}>
                <Text fz="xs" truncate fw={chosen === r.name ? 700 : 400}>
                  {r.name}
                </Text>
                <Text fz="xs" className="vd-num">
                  {formatNumber(r.count)}
                </Text>
              </Group>
              <Progress
                value={(r.count / most) * 100}
                size={4}
                mt={2}
                aria-label={`${r.name}: ${r.count}`}
              />
            </button>
          ))}
        </div>
      )}
    </Panel>
  );
}
