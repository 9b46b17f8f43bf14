import { Badge, Group, Select, Switch, Table, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { AppLink } from "../components/app-link";
import { getJson } from "../api/client";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { counted, formatSeconds } from "../format";

interface TraceSummary {
  readonly trace_id: string;
  readonly root_service: string;
  readonly root_name: string;
  readonly start: string;
  readonly duration_ms: number;
  readonly span_count: number;
  readonly error_count: number;
  readonly services: readonly string[];
}

/** GET /api/v1/traces, newest first. */
interface TraceList {
  readonly traces: readonly TraceSummary[];
}

/** Recent traces by what they were like. */
export function TracesPage(): ReactNode {
  const [service, setService] = useState("");
  const [least, setLeast] = useState("");
  const [range, setRange] = useState("1h");
  const [failed, setFailed] = useState(false);
  const params = new URLSearchParams({ from: `-${range}`, limit: "100" });
  if (service.trim() !== "") params.set("service", service.trim());
  if (/^\d+(ms|s|m)$/.test(least.trim())) params.set("min_duration", least.trim());
  if (failed) params.set("error", "true");
  const list = useQuery({
    queryKey: ["traces", params.toString()],
    queryFn: ({ signal }) => getJson<TraceList>(`/api/v1/traces?${params}`, signal),
    refetchInterval: 5_000,
    placeholderData: (old) => old,
  });
  return (
    <>
      <PageHeader title="Traces">
        <TextInput
          size="xs"
          w={150}
          placeholder="Service"
          aria-label="Service"
          value={service}
          onChange={(e) => setService(e.currentTarget.value)}
        />
        <TextInput
          size="xs"
          w={140}
          placeholder="At least, e.g. 250ms"
          aria-label="Least duration"
          value={least}
          onChange={(e) => setLeast(e.currentTarget.value)}
        />
        <Select
          size="xs"
          w={80}
          aria-label="Range"
          data={["15m", "1h", "6h", "24h", "7d"]}
          value={range}
          allowDeselect={false}
          onChange={(v) => setRange(v ?? "1h")}
        />
        <Switch
          size="xs"
          label="Failed only"
          checked={failed}
          onChange={(e) => setFailed(e.currentTarget.checked)}
        />
      </PageHeader>
      <QueryState query={list}>
        {({ traces }) => (
          <Panel title={counted(traces.length, "trace")}>
            {traces.length === 0 ? (
              <Empty title="No traces in this range">
                Point an OpenTelemetry exporter at {location.origin}/v1/traces with the header
                Authorization: Bearer vdt_ingest_local.
              </Empty>
            ) : (
              <Table.ScrollContainer minWidth={700} type="native">
                <Table highlightOnHover aria-label="Traces">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Root</Table.Th>
                      <Table.Th ta="right">Duration</Table.Th>
                      <Table.Th ta="right">Spans</Table.Th>
                      <Table.Th>Services</Table.Th>
                      <Table.Th w={110}>Started</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {traces.map((t) => (
                      <Table.Tr key={t.trace_id}>
                        <Table.Td maw={420}>
                          <AppLink
                            to="/traces/$id"
                            params={{ id: t.trace_id }}
                            fz="sm"
                            className="vd-wrap"
                          >
                            {t.root_name === "" ? t.trace_id : t.root_name}
                          </AppLink>
                          <Text fz="xs" c="dimmed">
                            {t.root_service}
                          </Text>
                        </Table.Td>
                        <Table.Td ta="right" className="vd-num">
                          {formatSeconds(t.duration_ms / 1000)}
                        </Table.Td>
                        <Table.Td ta="right" className="vd-num">
                          {t.span_count}
                          {t.error_count > 0 && (
                            <Badge ml={6} size="xs" color="red">
                              {t.error_count} failed
                            </Badge>
                          )}
                        </Table.Td>
                        <Table.Td>
                          <Group gap={4}>
                            {t.services.map((s) => (
                              <Badge key={s} size="sm" color="gray" tt="none">
                                {s}
                              </Badge>
                            ))}
                          </Group>
                        </Table.Td>
                        <Table.Td>
                          <Ago ms={Date.parse(t.start)} />
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
