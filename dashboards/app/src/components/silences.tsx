import { Badge, Button, Group, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouteContext } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { expireSilence, listSilences, type Silence } from "../api/silences";
import { renderMatcher } from "../matcher-lines";
import { whenOf } from "../when";
import { Empty } from "./empty";
import { Panel } from "./panel";
import { QueryState } from "./query-state";
import { SilenceForm, type SilenceStart } from "./silence-form";

/** So many of those that are over are shown. */
const ENDED_SHOWN = 50;

/** Silences that hold or will hold, and where they are asked for those that are over. */
export function Silences(): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const [start, setStart] = useState<SilenceStart>();
  const [endedToo, setEndedToo] = useState(false);
  const silences = useQuery({
    queryKey: ["silences"],
    queryFn: ({ signal }) => listSilences(signal),
    refetchInterval: 10_000,
  });
  const ended = (silences.data ?? []).filter((s) => s.status.state === "expired");
  return (
    <Panel
      title="Silences"
      mb="sm"
      actions={
        <>
          {ended.length > 0 && (
            <Button
              size="compact-xs"
              variant={endedToo ? "light" : "default"}
              aria-pressed={endedToo}
              onClick={() => setEndedToo(!endedToo)}
            >
              {ended.length} expired
            </Button>
          )}
          {session.admin && (
            <Button size="compact-xs" variant="default" onClick={() => setStart({ do: "make" })}>
              New silence
            </Button>
          )}
        </>
      }
    >
      {start !== undefined && <SilenceForm start={start} onClose={() => setStart(undefined)} />}
      <QueryState query={silences}>
        {(list) => {
          const current = list.filter((s) => s.status.state !== "expired");
          const shown = endedToo ? [...current, ...latest(ended)] : current;
          return shown.length === 0 ? (
            <Empty title="Nothing is silenced" />
          ) : (
            <SilenceTable silences={shown} onStart={setStart} />
          );
        }}
      </QueryState>
    </Panel>
  );
}

function latest(ended: readonly Silence[]): readonly Silence[] {
  return ended
    .toSorted((a, b) => Date.parse(b.endsAt) - Date.parse(a.endsAt))
    .slice(0, ENDED_SHOWN);
}

function SilenceTable({
  silences,
  onStart,
}: {
  readonly silences: readonly Silence[];
  readonly onStart: (start: SilenceStart) => void;
}): ReactNode {
  const { session } = useRouteContext({ from: "/inside" });
  const queries = useQueryClient();
  const expire = useMutation({
    mutationFn: expireSilence,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["silences"] }),
    onError: (e) => notifications.show({ color: "red", title: "Not ended", message: e.message }),
  });
  return (
    <Table.ScrollContainer minWidth={600} type="native" className="vd-stack">
      <Table aria-label="Silences">
        <Table.Tbody>
          {silences.map((s) => (
            <Table.Tr key={s.id}>
              <Table.Td w={110}>
                <Badge size="sm" color={s.status.state === "active" ? "blue" : "gray"}>
                  {s.status.state}
                </Badge>
              </Table.Td>
              <Table.Td className="vd-grow">
                <Text fz="xs" ff="monospace" className="vd-wrap">
                  {s.matchers.map(renderMatcher).join(", ")}
                </Text>
                <Text fz="xs" c="dimmed" className="vd-wrap">
                  {s.comment === "" ? "" : `${s.comment}, `}
                  {whenOf(s)}, by {s.createdBy}
                </Text>
              </Table.Td>
              {session.admin && (
                <Table.Td w={140}>
                  <Group gap={6} justify="flex-end" wrap="nowrap">
                    {s.status.state === "expired" ? (
                      <Button
                        size="compact-xs"
                        variant="default"
                        onClick={() => onStart({ do: "recreate", silence: s })}
                      >
                        Recreate
                      </Button>
                    ) : (
                      <>
                        <Button
                          size="compact-xs"
                          variant="default"
                          onClick={() => onStart({ do: "edit", silence: s })}
                        >
                          Edit
                        </Button>
                        <Button
                          size="compact-xs"
                          variant="default"
                          loading={expire.isPending && expire.variables === s.id}
                          onClick={() => expire.mutate(s.id)}
                        >
                          End now
                        </Button>
                      </>
                    )}
                  </Group>
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
