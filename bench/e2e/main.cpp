// End-to-end benchmark: recall against throughput and pages, through SQL, of every vector index the
// server has, beside hnswlib in process, a sequential scan and a primary-key look-up - same run,
// same vectors, same order. See bench/README.md for what is measured and how.
#include <algorithm>
#include <exception>
#include <iostream>

#include "core/base/status.h"
#include "core/distance/distance.h"
#include "database.h"
#include "dataset.h"
#include "options.h"
#include "report.h"
#include "runner.h"

namespace vg::bench {

namespace {

void print_environment(Connection& conn) {
    std::cout << conn.value("SELECT version()") << "\n";
    for (const char* name : {"shared_buffers", "maintenance_work_mem", "jit"})
        std::cout << name << " " << conn.value(std::string("SHOW ") + name) << "; ";
    std::cout << "pgvector or vector "
              << conn.value("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
              << "; distance kernels " << distance::target_name() << "\n";
}

void run(const Options& options) {
    Connection conn(options.conn);
    std::vector<std::string> indexed;  // index methods asked for that the server has
    for (const std::string& method : options.methods) {
        if (method == "seqscan" || method == "hnswlib")
            continue;
        if (has_access_method(conn, method))
            indexed.push_back(method);
        else
            std::cerr << "no access method " << method << " in this server: skipped\n";
    }
    print_environment(conn);
    std::cerr << "reading vectors, finding the exact answers\n";
    const Dataset data = make_dataset(options);

    // Each index has a table of its own, loaded alike: the planner then has no choice to get wrong.
    std::vector<NamedBuild> builds;
    for (const std::string& method : indexed) {
        load_table(conn, data, options, method);
        builds.emplace_back(method, build_index(options, method));
    }
    std::string plain = indexed.empty() ? "" : table_name(options, indexed.front());
    if (plain.empty()) {
        load_table(conn, data, options, "plain");
        plain = table_name(options, "plain");
    }

    std::vector<std::unique_ptr<Searcher>> searchers;
    searchers.push_back(std::make_unique<FloorSearcher>(data, options, plain));
    for (const std::string& method : options.methods) {
        if (method == "seqscan") {
            searchers.push_back(std::make_unique<SqlSearcher>(data, options, method, plain, false));
        } else if (method == "hnswlib") {
            std::cerr << "building hnswlib\n";
            auto hnswlib = std::make_unique<HnswlibSearcher>(data, options);
            BuildResult build;
            build.seconds = hnswlib->index().build_seconds();
            build.index_bytes = static_cast<std::int64_t>(hnswlib->index().bytes());
            builds.emplace_back(method, build);
            searchers.push_back(std::move(hnswlib));
        } else if (std::find(indexed.begin(), indexed.end(), method) != indexed.end()) {
            searchers.push_back(std::make_unique<SqlSearcher>(data, options, method,
                                                              table_name(options, method), true));
        }
    }
    const std::vector<Point> points = sweep(data, options, searchers);
    write_files(options, builds, points);
    print_tables(options, builds, points);
}

}  // namespace

}  // namespace vg::bench

int main(int argc, char** argv) {
    try {
        vg::bench::run(vg::bench::parse_options(argc, argv));
        return 0;
    } catch (const vg::Error& error) {
        std::cerr << "bench_e2e: " << error.what() << "\n";
        if (error.code() == vg::StatusCode::kInvalidArgument)
            std::cerr << vg::bench::kUsage;
    } catch (const std::exception& error) {
        std::cerr << "bench_e2e: " << error.what() << "\n";
    }
    return 1;
}
