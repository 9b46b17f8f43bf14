import { list, plain, requiredQuery, string } from "../json-schema";
import type { Family } from "../model";

export const remoteReadFamily: Family = {
  tag: "Remote read and federation",
  description: "How another Prometheus reads. Errors are plain text.",
  dialect: "text",
  specification: {
    url: "https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/",
    description: "Prometheus remote read",
  },
  operations: [
    {
      method: "post",
      path: "/api/v1/read",
      id: "remoteRead",
      summary: "Read samples",
      scope: "read",
      body: {
        description: "prometheus.ReadRequest in Snappy's block format, at most 1 MiB unfolded.",
        required: true,
        content: { "application/x-protobuf": {} },
      },
      answers: {
        200: {
          description: "prometheus.ReadResponse, in Snappy's block format.",
          content: { "application/x-protobuf": {} },
        },
      },
      failures: {
        400: "The body cannot be read, asks for streamed chunks alone, or for more than 1,000,000 samples.",
        413: "The body has more than 1 MiB.",
        415: "Another encoding.",
        503: "A metric shard does not answer.",
      },
    },
    {
      method: "get",
      path: "/federate",
      id: "federate",
      summary: "The last samples of selected series as an exposition",
      description:
        "By `Accept` as Prometheus' text, OpenMetrics or, with native histograms, delimited protobuf. Stale series are left out.",
      scope: "read",
      parameters: [
        requiredQuery("match[]", list(string), "A series selector; any number of times."),
      ],
      answers: {
        200: {
          description: "The samples.",
          content: {
            "text/plain": string,
            "application/openmetrics-text": string,
            "application/vnd.google.protobuf": {},
          },
        },
      },
      failures: {
        400: "A selector is wrong.",
        422: "The selectors touch too many samples.",
        503: "A metric shard does not answer.",
      },
    },
    {
      method: "get",
      path: "/-/healthy",
      id: "isHealthy",
      summary: "The Worker runs, as `promtool check healthy` asks",
      scope: "none",
      answers: { 200: plain("It does.") },
    },
    {
      method: "get",
      path: "/-/ready",
      id: "isReady",
      summary: "The Worker answers, as `promtool check ready` asks",
      scope: "none",
      answers: { 200: plain("It does.") },
    },
  ],
};
