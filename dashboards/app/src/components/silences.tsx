import { Badge, Button, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { expireSilence, listSilences, type Silence } from "../api/silences";
import { renderMatcher } from "../matcher-lines";
import { whenOf } from "../when";
import { Empty } from "./empty";
import { NewSilenceDialog } from "./new-silence-dialog";
import { Panel } from "./panel";
import { QueryState } from "./query-state";

/** Silences that hold or will hold. */
export function Silences(): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [making, setMaking] = useState(false);
  const silences = useQuery({
    queryKey: ["silences"],
    queryFn: ({ signal }) => listSilences(signal),
    refetchInterval: 10_000,
  });
  return (
    <Panel
      title="Silences"
      mb="sm"
      actions={
        session.admin && (
          <Button size="compact-xs" variant="default" onClick={() => setMaking(true)}>
            New silence
          </Button>
        )
      }
    >
      {making && <NewSilenceDialog onClose={() => setMaking(false)} />}
      <QueryState query={silences}>
        {(list) => {
          const current = list.filter((s) => s.status.state !== "expired");
          return current.length === 0 ? (
            <Empty title="Nothing is silenced" />
          ) : (
            <SilenceTable silences={current} />
          );
        }}
      </QueryState>
    </Panel>
  );
}

function SilenceTable({ silences }: { readonly silences: readonly Silence[] }): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const queries = useQueryClient();
  const expire = useMutation({
    mutationFn: expireSilence,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["silences"] }),
    onError: (e) => notifications.show({ color: "red", title: "Not ended", message: e.message }),
  });
  return (
    <Table aria-label="Silences">
      <Table.Tbody>
        {silences.map((s) => (
          <Table.Tr key={s.id}>
            <Table.Td w={90}>
              <Badge size="sm" color={s.status.state === "active" ? "blue" : "gray"}>
                {s.status.state}
              </Badge>
            </Table.Td>
            <Table.Td>
              <Text fz="xs" ff="monospace" className="vd-wrap">
                {s.matchers.map(renderMatcher).join(", ")}
              </Text>
              <Text fz="xs" c="dimmed">
                {s.comment === "" ? "" : `${s.comment}, `}
                {whenOf(s)}, by {s.createdBy}
              </Text>
            </Table.Td>
            <Table.Td w={90} ta="right">
              {session.admin && (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={expire.isPending && expire.variables === s.id}
                  onClick={() => expire.mutate(s.id)}
                >
                  End now
                </Button>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
