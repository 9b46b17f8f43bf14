import { Alert, Box, Button, Code, Group, Select, Table, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { AppLink } from "../components/app-link";
import { getJson } from "../api/client";
import { Empty } from "../components/empty";
import { LogLineRow } from "../components/log-tail";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { counted } from "../format";

interface FoundLine {
  readonly timestamp: string;
  readonly time_ns: string;
  readonly level: string;
  readonly service: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly trace_id?: string;
}

/** GET /api/v1/logs, newest first. */
interface LogAnswer {
  readonly lines: readonly FoundLine[];
  readonly truncated?: { readonly reason: string; readonly limit: number };
  readonly next_to?: string;
}

const LEVELS = ["debug", "info", "warn", "error", "fatal"];
const RANGES = ["15m", "1h", "6h", "24h", "7d"];
const LIMIT = 200;

/** Search through the kept log lines. */
export function LogsPage(): ReactNode {
  const search = useSearch({ from: "/inside/logs" });
  const navigate = useNavigate({ from: "/logs" });
  const [text, setText] = useState(search.query ?? "");
  const [service, setService] = useState(search.service ?? "");
  const params = new URLSearchParams({ limit: String(LIMIT), from: `-${search.range ?? "1h"}` });
  if (search.query !== undefined) params.set("query", search.query);
  if (search.service !== undefined) params.set("service", search.service);
  if (search.trace !== undefined) params.set("trace_id", search.trace);
  if (search.level !== undefined)
    params.set("level", LEVELS.slice(LEVELS.indexOf(search.level)).join(","));
  if (search.to !== undefined) params.set("to", search.to);
  const answer = useQuery({
    queryKey: ["logs", params.toString()],
    queryFn: ({ signal }) => getJson<LogAnswer>(`/api/v1/logs?${params}`, signal),
  });

  const unfiltered = [search.query, search.service, search.trace, search.level, search.to].every(
    (s) => s === undefined,
  );

  function submit(event: FormEvent): void {
    event.preventDefault();
    void navigate({
      search: (old) => ({
        ...old,
        query: text.trim() || undefined,
        service: service.trim() || undefined,
        to: undefined,
      }),
    });
    void answer.refetch();
  }

  return (
    <>
      <PageHeader
        title="Logs"
        note={search.trace === undefined ? undefined : `of trace ${search.trace}`}
      />
      <form onSubmit={submit}>
        <Group gap="xs" mb="sm" align="flex-end">
          <TextInput
            flex={1}
            miw={220}
            label="Words"
            placeholder={'timeout "lost its peer" -health'}
            value={text}
            onChange={(e) => setText(e.currentTarget.value)}
            spellCheck={false}
          />
          <TextInput
            w={150}
            label="Service"
            value={service}
            onChange={(e) => setService(e.currentTarget.value)}
          />
          <Select
            w={120}
            label="Lowest level"
            data={LEVELS}
            value={search.level ?? null}
            clearable
            placeholder="any"
            onChange={(v) =>
              void navigate({ search: (old) => ({ ...old, level: v ?? undefined }) })
            }
          />
          <Select
            w={90}
            label="Range"
            data={RANGES}
            value={search.range ?? "1h"}
            allowDeselect={false}
            onChange={(v) =>
              void navigate({ search: (old) => ({ ...old, to: undefined, range: v ?? "1h" }) })
            }
          />
          <Button type="submit" loading={answer.isFetching}>
            Search
          </Button>
        </Group>
      </form>
      <QueryState query={answer}>
        {(data) => (
          <Panel
            title={counted(data.lines.length, "line")}
            note="newest first; click a line for its attributes"
          >
            {data.lines.length === 0 && unfiltered ? (
              <Empty
                title="No log line in this range"
                command={`curl -sS ${location.origin}/api/v1/ingest/logs -H 'Authorization: Bearer vdt_ingest_local' -H 'Content-Type: application/json' \\\n  -d '{"level":"info","service":"shop","message":"hello"}'`}
              >
                Send one, or point an OpenTelemetry exporter at {location.origin}/v1/logs.
              </Empty>
            ) : data.lines.length === 0 ? (
              <Empty title="No line fits">Widen the range, or drop a word.</Empty>
            ) : (
              <div className="vd-lines" style={{ padding: "6px 0" }}>
                {data.lines.map((l, i) => (
                  <Found key={`${l.time_ns}/${i}`} line={l} />
                ))}
              </div>
            )}
            {data.truncated !== undefined && (
              <Alert color="gray" variant="light" m="sm" p="xs">
                <Group justify="space-between">
                  <span>
                    There may be older lines: stopped by{" "}
                    {data.truncated.reason.replaceAll("_", " ")}.
                  </span>
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() =>
                      void navigate({ search: (old) => ({ ...old, to: data.next_to }) })
                    }
                  >
                    Older
                  </Button>
                </Group>
              </Alert>
            )}
          </Panel>
        )}
      </QueryState>
    </>
  );
}

function Found({ line }: { readonly line: FoundLine }): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <div>
      <button
        type="button"
        className="vd-plain"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <LogLineRow
          line={{
            timeMs: Date.parse(line.timestamp),
            level: line.level,
            service: line.service,
            message: line.message,
          }}
        />
      </button>
      {open && (
        <Box px={16} py={6} bg="var(--mantine-color-default-hover)">
          <Table withRowBorders={false} verticalSpacing={1} fz="xs" ff="monospace" layout="fixed">
            <Table.Tbody>
              <Attribute name="timestamp" value={line.timestamp} />
              {line.trace_id !== undefined && (
                <Table.Tr>
                  <Table.Td w={200}>trace</Table.Td>
                  <Table.Td>
                    <AppLink to="/traces/$id" params={{ id: line.trace_id }} fz="xs">
                      {line.trace_id}
                    </AppLink>
                  </Table.Td>
                </Table.Tr>
              )}
              {Object.entries(line.attributes).map(([k, v]) => (
                <Attribute key={k} name={k} value={v} />
              ))}
            </Table.Tbody>
          </Table>
        </Box>
      )}
    </div>
  );
}

function Attribute({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  return (
    <Table.Tr>
      <Table.Td w={200} c="dimmed" className="vd-wrap">
        {name}
      </Table.Td>
      <Table.Td>
        <Code bg="transparent" fz="xs" className="vd-wrap">
          {value}
        </Code>
      </Table.Td>
    </Table.Tr>
  );
}
