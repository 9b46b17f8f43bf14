import { Badge, Table, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { Delivery, NotificationEntry } from "../api/notifications";
import { formatClock, formatNumber, formatTime } from "../format";
import { Ago } from "./ago";

const OUTCOME_COLOR: Readonly<Record<Delivery["outcome"], string>> = {
  delivered: "teal",
  failed: "yellow",
  rejected: "red",
  gave_up: "red",
  superseded: "gray",
  url_refused: "red",
  no_mail_provider: "red",
};

/** What the router decided, why, and what became of it. */
export function NotificationLog({
  entries,
}: {
  readonly entries: readonly NotificationEntry[];
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={820} type="native" className="vd-stack">
      <Table highlightOnHover aria-label="Notification log">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={100}>When</Table.Th>
            <Table.Th w={170}>Decision</Table.Th>
            <Table.Th w={110}>Alerts</Table.Th>
            <Table.Th w={170}>Integration</Table.Th>
            <Table.Th w={200}>Delivery</Table.Th>
            <Table.Th>Group</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((e) => (
            <Table.Tr key={e.id} data-testid="notification">
              <Table.Td>
                <Ago ms={e.atMs} />
              </Table.Td>
              <Table.Td>
                <Badge size="sm" color={e.decision === "sent" ? "teal" : "gray"}>
                  {e.decision}
                </Badge>
                <Text fz="xs" c="dimmed" ff="monospace">
                  {e.reason}
                </Text>
              </Table.Td>
              <Table.Td fz="xs" className="vd-num">
                {e.firing.length > 0 && <div>{e.firing.length} firing</div>}
                {e.resolved.length > 0 && <div>{e.resolved.length} resolved</div>}
              </Table.Td>
              <Table.Td>
                <Text fz="xs" ff="monospace" className="vd-wrap">
                  {e.integration}
                </Text>
              </Table.Td>
              <Table.Td>
                {e.decision === "sent" && !e.integration.includes("/incident/") && (
                  <Attempts deliveries={e.deliveries} />
                )}
              </Table.Td>
              <Table.Td>
                <Text fz="xs" ff="monospace" c="dimmed" className="vd-wrap" lineClamp={2}>
                  {e.groupKey}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** The last attempt; hovering lists all, with what the other side answered. */
function Attempts({ deliveries }: { readonly deliveries: readonly Delivery[] }): ReactNode {
  const last = deliveries.at(-1);
  if (last === undefined) {
    return (
      <Text fz="xs" c="dimmed">
        under way
      </Text>
    );
  }
  const all = deliveries.map((d) =>
    [formatTime(d.atMs), d.outcome, d.statusCode, d.error ?? d.response].join(" "),
  );
  return (
    <Tooltip label={all.join("\n")} multiline maw={420} style={{ whiteSpace: "pre-line" }}>
      <div>
        <Badge size="sm" color={OUTCOME_COLOR[last.outcome]}>
          {last.outcome.replaceAll("_", " ")}
        </Badge>
        <Text fz="xs" c="dimmed" className="vd-num">
          {deliveries.length > 1 ? `${deliveries.length} attempts, ` : ""}
          {last.statusCode !== null && `${last.statusCode} in `}
          {formatNumber(last.latencyMs)} ms
          {last.nextAttemptMs !== null && `, again at ${formatClock(last.nextAttemptMs)}`}
        </Text>
        {last.error !== null && (
          <Text fz="xs" c="red" lineClamp={2} className="vd-wrap">
            {last.error}
          </Text>
        )}
      </div>
    </Tooltip>
  );
}
