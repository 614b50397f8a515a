// Output of the benchmark; see report.h.
#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>

#include "core/base/status.h"

namespace vg::bench {

namespace {

double quantile(std::vector<double> values, double q) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const double at = q * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

double median(const std::vector<double>& values) {
    return quantile(values, 0.5);
}

double megabytes(std::int64_t bytes) {
    return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

std::ofstream open_output(const std::string& path) {
    std::ofstream out(path);
    if (!out)
        throw Error(StatusCode::kInvalidArgument, "cannot write " + path);
    return out;
}

struct AtRecall {
    double qps, cpu_ms, pages;  // pages < 0: not measured
};

// Speed, CPU time and pages at exactly `target`, between the two neighbouring settings of a method:
// their logarithms are taken as linear in recall. None where the target is outside what was
// measured.
std::optional<AtRecall> at_recall(const std::vector<Point>& points, const std::string& method,
                                  double target) {
    const Point* below = nullptr;
    for (const Point& point : points) {
        if (point.method != method)
            continue;
        if (point.recall_mean < target) {
            below = &point;
            continue;
        }
        if (below == nullptr)
            return std::nullopt;
        const double part =
            (target - below->recall_mean) / (point.recall_mean - below->recall_mean);
        const auto between = [&](double a, double b) {
            return std::exp(std::lerp(std::log(a), std::log(b), part));
        };
        const bool has_pages = below->pages.index > 0 && point.pages.index > 0;
        return AtRecall{between(median(below->qps), median(point.qps)),
                        between(median(below->cpu_ms), median(point.cpu_ms)),
                        has_pages ? between(below->pages.index, point.pages.index) : -1};
    }
    return std::nullopt;
}

std::vector<std::string> methods_with_ef(const std::vector<Point>& points) {
    std::vector<std::string> names;
    for (const Point& point : points)
        if (point.ef > 0 && std::find(names.begin(), names.end(), point.method) == names.end())
            names.push_back(point.method);
    return names;
}

void print_at_recall(const std::vector<Point>& points) {
    const std::vector<std::string> methods = methods_with_ef(points);
    std::printf(
        "\nAt equal recall (between measured settings): queries/s, CPU ms/query, index "
        "pages/query\n%-8s",
        "recall");
    for (const std::string& method : methods)
        std::printf(" %26s", method.c_str());
    std::printf("\n");
    for (const double target : {0.90, 0.95, 0.97, 0.98, 0.99, 0.995}) {
        std::printf("%-8.3f", target);
        for (const std::string& method : methods) {
            const auto found = at_recall(points, method, target);
            if (!found)
                std::printf(" %26s", "-");
            else if (found->pages < 0)
                std::printf(" %17.0f, %7.3f", found->qps, found->cpu_ms);
            else
                std::printf(" %8.0f, %7.3f, %7.1f", found->qps, found->cpu_ms, found->pages);
        }
        std::printf("\n");
    }
}

}  // namespace

void write_files(const Options& options, const std::vector<NamedBuild>& builds,
                 const std::vector<Point>& points) {
    std::ofstream out = open_output(options.out);
    out << "dataset\theap_order\tduplicates\tmethod\tm\tefc\tef\trecall\trecall_p5\tqps\tqps_min"
           "\tqps_max\tp50_ms\tp95_ms\tp99_ms\tindex_pages\tall_"
           "pages\tplanner\tqueries\trepeats\tcpu_ms\n";
    for (const Point& p : points)
        out << options.dataset << '\t' << options.heap_order_name << '\t' << options.duplicates
            << '\t' << p.method << '\t' << options.m << '\t' << options.ef_construction << '\t'
            << p.ef << '\t' << p.recall_mean << '\t' << p.recall_p5 << '\t' << median(p.qps) << '\t'
            << quantile(p.qps, 0) << '\t' << quantile(p.qps, 1) << '\t' << median(p.latency_ms)
            << '\t' << quantile(p.latency_ms, 0.95) << '\t' << quantile(p.latency_ms, 0.99) << '\t'
            << p.pages.index << '\t' << p.pages.total << '\t' << p.pages.planner_chose_index << '\t'
            << p.queries << '\t' << p.qps.size() << '\t' << median(p.cpu_ms) << '\n';
    std::ofstream table = open_output(options.out + ".builds");
    table << "dataset\theap_order\tduplicates\tmethod\tm\tefc\tworkers\tseconds\tindex_bytes"
             "\ttable_bytes\tprivate_bytes\tdynamic_bytes\thigh_water_bytes\treused\n";
    for (const auto& [method, b] : builds)
        table << options.dataset << '\t' << options.heap_order_name << '\t' << options.duplicates
              << '\t' << method << '\t' << options.m << '\t' << options.ef_construction << '\t'
              << options.workers << '\t' << b.seconds << '\t' << b.index_bytes << '\t'
              << b.table_bytes << '\t' << b.private_bytes << '\t' << b.dynamic_bytes << '\t'
              << b.high_water_bytes << '\t' << b.reused << '\n';
    if (!out.flush() || !table.flush())
        throw Error(StatusCode::kInvalidArgument, "cannot write " + options.out);
}

void print_tables(const Options& options, const std::vector<NamedBuild>& builds,
                  const std::vector<Point>& points) {
    std::printf("%s, heap order %s, %d duplicates, m %d, ef_construction %d, leader + %d workers\n",
                options.dataset.c_str(), options.heap_order_name.c_str(), options.duplicates,
                options.m, options.ef_construction, options.workers);
    std::printf("\n%-10s %9s %10s %12s %12s %12s\n", "build", "seconds", "index MB", "private MB",
                "dynamic MB", "VmHWM MB");
    for (const auto& [method, b] : builds)
        std::printf("%-10s %9.1f %10.1f %12.1f %12.1f %12.1f%s\n", method.c_str(), b.seconds,
                    megabytes(b.index_bytes), megabytes(b.private_bytes),
                    megabytes(b.dynamic_bytes), megabytes(b.high_water_bytes),
                    b.reused ? "  (built in an earlier run)" : "");
    std::printf("\n%-10s %5s %8s %8s %9s %9s %9s %8s %8s %8s %8s %9s %9s %s\n", "method", "ef",
                "recall", "p5", "q/s", "min", "max", "cpu ms", "p50 ms", "p95 ms", "p99 ms",
                "idx pages", "all pages", "planner");
    for (const Point& p : points) {
        std::printf("%-10s %5d %8.4f %8.2f %9.0f %9.0f %9.0f %8.3f %8.3f %8.3f %8.3f",
                    p.method.c_str(), p.ef, p.recall_mean, p.recall_p5, median(p.qps),
                    quantile(p.qps, 0), quantile(p.qps, 1), median(p.cpu_ms), median(p.latency_ms),
                    quantile(p.latency_ms, 0.95), quantile(p.latency_ms, 0.99));
        if (p.pages.total < 0)
            std::printf(" %9s %9s\n", "-", "-");
        else
            std::printf(" %9.1f %9.1f %s\n", p.pages.index, p.pages.total,
                        p.pages.planner_chose_index ? "index" : "seqscan");
    }
    print_at_recall(points);
}

}  // namespace vg::bench
