import { Badge, Button, Group, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type MaintenanceWindow, cancelWindow, listWindows } from "../api/windows";
import { renderMatcher } from "../matcher-lines";
import { whenOf } from "../when";
import { Empty } from "./empty";
import { Panel } from "./panel";
import { QueryState } from "./query-state";
import { WindowDialog } from "./window-dialog";

/** Maintenance windows that hold or will hold: nobody is told and nothing escalates inside them. */
export function Maintenance(): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [making, setMaking] = useState<"new" | MaintenanceWindow>();
  const windows = useQuery({
    queryKey: ["windows"],
    queryFn: ({ signal }) => listWindows(signal),
    refetchInterval: 10_000,
  });
  return (
    <Panel
      title="Maintenance windows"
      mb="sm"
      actions={
        session.admin && (
          <Button size="compact-xs" variant="default" onClick={() => setMaking("new")}>
            New window
          </Button>
        )
      }
    >
      {making !== undefined && (
        <WindowDialog
          former={making === "new" ? undefined : making}
          onClose={() => setMaking(undefined)}
        />
      )}
      <QueryState query={windows}>
        {(list) => {
          const current = list.filter((w) => w.state === "active" || w.state === "pending");
          return current.length === 0 ? (
            <Empty title="No maintenance is planned" />
          ) : (
            <Table.ScrollContainer minWidth={600} type="native" className="vd-stack">
              <Table aria-label="Maintenance windows">
                <Table.Tbody>
                  {current.map((w) => (
                    <WindowRow
                      key={w.id}
                      window={w}
                      admin={session.admin}
                      onEdit={() => setMaking(w)}
                    />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          );
        }}
      </QueryState>
    </Panel>
  );
}

function WindowRow({
  window: w,
  admin,
  onEdit,
}: {
  readonly window: MaintenanceWindow;
  readonly admin: boolean;
  readonly onEdit: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelWindow(w.id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["windows"] }),
    onError: (e) =>
      notifications.show({ color: "red", title: "Not cancelled", message: e.message }),
  });
  return (
    <Table.Tr>
      <Table.Td w={110}>
        <Badge size="sm" color={w.state === "active" ? "blue" : "gray"}>
          {w.state}
        </Badge>
      </Table.Td>
      <Table.Td className="vd-grow">
        <Text fz="sm" fw={600} className="vd-wrap">
          {w.name}
        </Text>
        <Text fz="xs" ff="monospace" className="vd-wrap">
          {w.matchers.map(renderMatcher).join(", ")}
        </Text>
        <Text fz="xs" c="dimmed" className="vd-wrap">
          {w.comment === "" ? "" : `${w.comment}, `}
          {whenOf(w)}, by {w.createdBy}
          {w.notify !== undefined && `, told to ${w.notify}`}
        </Text>
      </Table.Td>
      {admin && (
        <Table.Td w={140}>
          <Group gap={6} justify="flex-end" wrap="nowrap">
            <Button size="compact-xs" variant="default" onClick={onEdit}>
              Edit
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              loading={cancel.isPending}
              onClick={() => cancel.mutate()}
            >
              Cancel
            </Button>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}
