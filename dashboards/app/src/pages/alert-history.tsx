import { Badge, Button, Group, Select, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type PastAlert, searchAlerts, searchNotifications } from "../api/history";
import { Empty } from "../components/empty";
import { Labels } from "../components/labels";
import { NotificationLog } from "../components/notification-log";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { ErrorNote } from "../components/query-state";
import { counted, formatSpan, formatTime } from "../format";
import { severityColor } from "../theme";

const RANGES = [
  { value: "-24h", label: "last 24 hours" },
  { value: "-7d", label: "last 7 days" },
  { value: "-30d", label: "last 30 days" },
  { value: "-365d", label: "last year" },
];

const OUTCOMES = [
  "delivered",
  "failed",
  "rejected",
  "gave_up",
  "superseded",
  "url_refused",
  "no_mail_provider",
];

/** Every firing and every message, searched. */
export function AlertHistoryPage(): ReactNode {
  const [from, setFrom] = useState("-24h");
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text.trim(), 250);
  const [chosen, setChosen] = useState("");
  return (
    <>
      <PageHeader title="Alert history" />
      <Group mb="sm" gap="xs">
        <TextInput
          size="xs"
          placeholder="text in labels, annotations, groups"
          aria-label="Search"
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          w={320}
        />
        <Select
          size="xs"
          aria-label="Range"
          data={RANGES}
          value={from}
          allowDeselect={false}
          onChange={(v) => setFrom(v ?? "-24h")}
          w={150}
        />
        {chosen !== "" && (
          <Button size="compact-xs" variant="light" onClick={() => setChosen("")}>
            messages about {chosen} ×
          </Button>
        )}
      </Group>
      <PastAlerts from={from} q={q} onChoose={setChosen} />
      <PastMessages from={from} q={chosen === "" ? q : ""} alert={chosen} />
    </>
  );
}

function PastAlerts({
  from,
  q,
  onChoose,
}: {
  readonly from: string;
  readonly q: string;
  readonly onChoose: (fingerprint: string) => void;
}): ReactNode {
  const [status, setStatus] = useState("");
  const found = useInfiniteQuery({
    queryKey: ["alert-history", from, q, status],
    queryFn: ({ signal, pageParam }) =>
      searchAlerts({ from, q, status, severity: "", cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const alerts = found.data?.pages.flatMap((p) => p.alerts) ?? [];
  const totals = found.data?.pages[0]?.totals;
  return (
    <Panel
      title="Alerts"
      note={totals === undefined ? undefined : `${counted(totals.fired, "firing")} in all`}
      mb="sm"
      actions={
        <Filter
          label="Status"
          value={status}
          values={["firing", "resolved"]}
          onChange={setStatus}
        />
      }
    >
      {found.isError && <ErrorNote error={found.error} />}
      {found.isSuccess && alerts.length === 0 && <Empty title="No alert" />}
      {alerts.length > 0 && (
        <Table.ScrollContainer minWidth={760} type="native" className="vd-stack">
          <Table highlightOnHover aria-label="Past alerts">
            <Table.Tbody>
              {alerts.map((a) => (
                <PastRow key={`${a.fingerprint}${a.startsAtMs}`} alert={a} onChoose={onChoose} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <More query={found} />
    </Panel>
  );
}

function PastRow({
  alert,
  onChoose,
}: {
  readonly alert: PastAlert;
  readonly onChoose: (fingerprint: string) => void;
}): ReactNode {
  const severity = alert.labels["severity"];
  const ended = alert.endedAtMs;
  return (
    <Table.Tr data-testid="past-alert">
      <Table.Td w={100}>
        <Badge
          size="sm"
          color={severityColor(severity)}
          variant={ended === null ? "filled" : "outline"}
        >
          {severity ?? "none"}
        </Badge>
      </Table.Td>
      <Table.Td className="vd-grow">
        <Text fz="sm" fw={600} className="vd-wrap">
          {alert.labels["alertname"] ?? "alert"}
        </Text>
        <Labels labels={alert.labels} without={["alertname", "severity"]} />
      </Table.Td>
      <Table.Td w={190} fz="xs" className="vd-num">
        {formatTime(alert.startsAtMs)}
        <Text fz="xs" c="dimmed">
          {ended === null ? "fires still" : `for ${formatSpan(ended - alert.startsAtMs)}`}
          {alert.endedBy !== null ? `, ${alert.endedBy}` : ""}
        </Text>
        {alert.acknowledgedBy !== null && (
          <Text fz="xs" c="dimmed">
            ✓ {alert.acknowledgedBy}
          </Text>
        )}
      </Table.Td>
      <Table.Td w={100} ta="right">
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChoose(alert.fingerprint)}
          aria-label={`Messages about ${alert.labels["alertname"] ?? alert.fingerprint}`}
        >
          Messages
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function PastMessages({
  from,
  q,
  alert,
}: {
  readonly from: string;
  readonly q: string;
  readonly alert: string;
}): ReactNode {
  const [decision, setDecision] = useState("");
  const [outcome, setOutcome] = useState("");
  const found = useInfiniteQuery({
    queryKey: ["notification-history", from, q, alert, decision, outcome],
    queryFn: ({ signal, pageParam }) =>
      searchNotifications({ from, q, alert, decision, outcome, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const entries = found.data?.pages.flatMap((p) => p.notifications) ?? [];
  return (
    <Panel
      title="Messages"
      note="what was sent, what was held, and why"
      actions={
        <>
          <Filter
            label="Decision"
            value={decision}
            values={["sent", "held"]}
            onChange={setDecision}
          />
          <Filter label="Outcome" value={outcome} values={OUTCOMES} onChange={setOutcome} />
        </>
      }
    >
      {found.isError && <ErrorNote error={found.error} />}
      {found.isSuccess && entries.length === 0 && <Empty title="No message" />}
      {entries.length > 0 && <NotificationLog entries={entries} />}
      <More query={found} />
    </Panel>
  );
}

function Filter({
  label,
  value,
  values,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}): ReactNode {
  return (
    <Select
      size="xs"
      w={130}
      aria-label={label}
      placeholder={`any ${label.toLowerCase()}`}
      clearable
      data={values.map((v) => ({ value: v, label: v.replaceAll("_", " ") }))}
      value={value === "" ? null : value}
      onChange={(v) => onChange(v ?? "")}
    />
  );
}

function More({
  query,
}: {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
}): ReactNode {
  if (!query.hasNextPage) return null;
  return (
    <Group justify="center" p="xs">
      <Button
        size="xs"
        variant="default"
        loading={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}
      >
        Show more
      </Button>
    </Group>
  );
}
