// Metrics as text: what Prometheus's two formats want, and which one is asked for.

import Testing

@testable import ControlAPI

@Suite("Metrics as text")
struct MetricFamilyTests {
    private var pushes: MetricFamily {
        var family = MetricFamily(.counter, "git_pod_pushes", "Pushes, by \\ and\nresult.")
        family.add(3, .init("result", "o\"k\\\n"))
        return family
    }

    @Test("a counter's family is called with _total in the text format, and without in OpenMetrics")
    func counter() {
        let sample = "git_pod_pushes_total{result=\"o\\\"k\\\\\\n\"} 3\n"
        #expect(
            MetricFormat.text.write([pushes])
                == "# HELP git_pod_pushes_total Pushes, by \\\\ and\\nresult.\n"
                + "# TYPE git_pod_pushes_total counter\n" + sample)
        #expect(
            MetricFormat.openMetrics.write([pushes])
                == "# HELP git_pod_pushes Pushes, by \\\\ and\\nresult.\n"
                + "# TYPE git_pod_pushes counter\n" + sample + "# EOF\n")
    }

    @Test("a histogram has its buckets, the last one without a bound, its sum and its count")
    func histogram() {
        let family = MetricFamily(
            histogram: "t_seconds", "T.", buckets: [(0.005, 1), (2.5, 2)], sum: 7.25, count: 3)
        #expect(
            MetricFormat.text.write([family]) == """
                # HELP t_seconds T.
                # TYPE t_seconds histogram
                t_seconds_bucket{le="0.005"} 1
                t_seconds_bucket{le="2.5"} 2
                t_seconds_bucket{le="+Inf"} 3
                t_seconds_sum 7.25
                t_seconds_count 3

                """)
    }

    @Test("numbers that are none have their names, and a family without samples is left out")
    func numbers() {
        let family = MetricFamily(.gauge, "g", "G.", .nan)
        #expect(MetricFormat.text.write([family]).hasSuffix("\ng NaN\n"))
        let big = MetricFamily(.gauge, "g", "G.", 1_763_756_400.125)
        #expect(MetricFormat.text.write([big]).hasSuffix("\ng 1763756400.125\n"))
        #expect(MetricFormat.text.write([MetricFamily(.gauge, "g", "G.")]) == "")
    }

    @Test(
        "Accept chooses",
        arguments: [
            (nil, MetricFormat.text), ("", .text), ("*/*", .text), ("text/plain", .text),
            ("application/openmetrics-text", .openMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2",
                .openMetrics
            ),
            ("application/openmetrics-text;q=0.1,text/plain;q=0.9", .text),
            ("application/openmetrics-text; q=0", .text), ("nonsense;;q=x", .text),
        ])
    func accept(header: String?, format: MetricFormat) {
        #expect(MetricFormat(accept: header) == format)
    }
}
