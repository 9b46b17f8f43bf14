import { Badge, Code, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Target, targets } from "../api/status";
import { Ago } from "../components/ago";
import { Empty } from "../components/empty";
import { Labels } from "../components/labels";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { formatSeconds } from "../format";

const REFRESH_MS = 3_000;
const HEALTH_COLOR: Readonly<Record<string, string>> = { up: "teal", down: "red" };

/** What is scraped, by job, with its health and its last error. */
export function TargetsPage(): ReactNode {
  const answer = useQuery({
    queryKey: ["targets"],
    queryFn: ({ signal }) => targets(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      <PageHeader title="Targets" />
      <QueryState query={answer}>
        {({ activeTargets }) =>
          activeTargets.length === 0 ? (
            <Panel title="Nothing is scraped">
              <Empty title="Scrape jobs come from a prometheus.yml">
                Put your file into a directory and run npm run apply -- DIR; applications that push
                need none.
              </Empty>
            </Panel>
          ) : (
            pools(activeTargets).map(([pool, list]) => (
              <PoolPanel key={pool} pool={pool} list={list} />
            ))
          )
        }
      </QueryState>
    </>
  );
}

function PoolPanel({
  pool,
  list,
}: {
  readonly pool: string;
  readonly list: readonly Target[];
}): ReactNode {
  const up = list.filter((t) => t.health === "up").length;
  return (
    <Panel
      title={pool}
      note={`${up} of ${list.length} up · every ${list[0]?.scrapeInterval ?? "?"}`}
      mb="sm"
    >
      <Table.ScrollContainer minWidth={640} type="native">
        <Table aria-label={`Targets of ${pool}`}>
          <Table.Tbody>
            {list.map((t) => (
              <Table.Tr key={`${t.scrapeUrl} ${JSON.stringify(t.labels)}`}>
                <Table.Td w={90}>
                  <Badge size="sm" variant="light" color={HEALTH_COLOR[t.health] ?? "gray"}>
                    {t.health}
                  </Badge>
                </Table.Td>
                <Table.Td>
                  <Code fz="xs" className="vd-wrap">
                    {t.scrapeUrl}
                  </Code>
                  {t.lastError !== "" && (
                    <Text fz="xs" c="red.5" className="vd-wrap" role="alert">
                      {t.lastError}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td miw={150}>
                  <Labels labels={t.labels} without={["job"]} />
                </Table.Td>
                <Table.Td w={100} ta="right">
                  <Text fz="xs" c="dimmed" component="div">
                    {Date.parse(t.lastScrape) > 0 ? (
                      <Ago ms={Date.parse(t.lastScrape)} />
                    ) : (
                      "not scraped yet"
                    )}
                  </Text>
                  <Text fz="xs" c="dimmed" component="div" className="vd-num">
                    in {formatSeconds(t.lastScrapeDuration)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

/** Targets by scrape pool; those that are not up first. */
function pools(list: readonly Target[]): readonly (readonly [string, readonly Target[]])[] {
  const byPool = new Map<string, Target[]>();
  for (const t of list) byPool.set(t.scrapePool, [...(byPool.get(t.scrapePool) ?? []), t]);
  const rank = (t: Target): number => (t.health === "down" ? 0 : t.health === "unknown" ? 1 : 2);
  for (const members of byPool.values())
    members.sort((a, b) => rank(a) - rank(b) || (a.scrapeUrl < b.scrapeUrl ? -1 : 1));
  return [...byPool].sort(([a], [b]) => (a < b ? -1 : 1));
}
