import { SegmentedControl, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { cardinality, type Cardinality } from "../api/status";
import { AppLink } from "../components/app-link";
import { PageHeader } from "../components/page-header";
import { Panel } from "../components/panel";
import { QueryState } from "../components/query-state";
import { Ranking } from "../components/ranking";
import { counted, formatBytes, formatNumber, formatTime } from "../format";

const REFRESH_MS = 15_000;

/** What fills the series index: where a label with too many values hides. */
export function CardinalityPage(): ReactNode {
  const [limit, setLimit] = useState("10");
  const answer = useQuery({
    queryKey: ["cardinality", limit],
    queryFn: ({ signal }) => cardinality(Number(limit), signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      <PageHeader title="Cardinality" note="what fills the series index">
        <SegmentedControl
          size="xs"
          data={["10", "25", "100"]}
          value={limit}
          onChange={setLimit}
          aria-label="Entries a list"
        />
      </PageHeader>
      <QueryState query={answer}>{(data) => <Lists data={data} />}</QueryState>
    </>
  );
}

function Lists({ data }: { readonly data: Cardinality }): ReactNode {
  const { headStats: head } = data;
  const budget = head.maxSeries === undefined ? "" : ` of ${formatNumber(head.maxSeries)}`;
  const since =
    head.minTime > 0 && head.minTime < head.maxTime ? ` since ${formatTime(head.minTime)}` : "";
  const newSeries = data.newSeriesByMetricName ?? [];
  return (
    <>
      <Text fz="sm" mb="sm">
        <strong>{`${formatNumber(head.numSeries)} active series${budget}`}</strong>
        {`, ${counted(head.chunkCount, "chunk")}${since}`}
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Panel title="Series by metric">
          <Ranking
            counts={data.seriesCountByMetricName}
            format={formatNumber}
            nameOf={(name) => (
              <AppLink to="/explore" search={{ q: selectorOf(name) }} fz="xs">
                {name}
              </AppLink>
            )}
          />
        </Panel>
        <Panel title="New series within the last hour" note="churn, by metric">
          <Ranking counts={newSeries} format={formatNumber} />
        </Panel>
        <Panel title="Values by label">
          <Ranking counts={data.labelValueCountByLabelName} format={formatNumber} />
        </Panel>
        <Panel title="Series by label value">
          <Ranking counts={data.seriesCountByLabelValuePair} format={formatNumber} />
        </Panel>
        <Panel title="Memory by label">
          <Ranking counts={data.memoryInBytesByLabelName} format={formatBytes} />
        </Panel>
      </SimpleGrid>
    </>
  );
}

/** A selector of the metric, also where its name needs quotes. */
function selectorOf(name: string): string {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`;
}
