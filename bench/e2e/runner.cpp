// Searchers and the sweep; see runner.h.
#include "runner.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <sstream>

#include "core/base/random.h"
#include "core/base/status.h"

namespace vg::bench {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::uint32_t> column_of_ids(const PGresult* result) {
    std::vector<std::uint32_t> ids(static_cast<std::size_t>(PQntuples(result)));
    for (std::size_t i = 0; i < ids.size(); ++i)
        ids[i] = decode_int4(PQgetvalue(result, static_cast<int>(i), 0));
    return ids;
}

std::string plan_text(const PGresult* result) {
    std::string text;
    for (int i = 0; i < PQntuples(result); ++i)
        text.append(PQgetvalue(result, i, 0)).push_back('\n');
    return text;
}

// Value after "name=" in a line of EXPLAIN's, 0 when absent (EXPLAIN omits zeros).
std::int64_t field(const std::string& line, const std::string& name) {
    const std::size_t at = line.find(name + "=");
    return at == std::string::npos ? 0 : std::atoll(line.c_str() + at + name.size() + 1);
}

// Shared buffers, hit or read, of the plan's scan of `index`: the first "Buffers:" line below it.
std::int64_t scan_buffers(const std::string& plan, const std::string& index) {
    std::istringstream lines(plan);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("Index Scan using " + index + " ") != std::string::npos)
            inside = true;
        else if (inside && line.find("Buffers: shared") != std::string::npos)
            return field(line, "hit") + field(line, "read");
    }
    throw Error(StatusCode::kInternal, "the plan does not use " + index + ":\n" + plan);
}

// Returns the pass's seconds; appends each query's latency and the pass's CPU time to the point.
double timed_pass(Searcher& searcher, Point& point) {
    const double cpu = searcher.cpu_seconds();
    const auto start = Clock::now();
    auto before = start;
    for (std::size_t q = 0; q < searcher.queries(); ++q) {
        searcher.search(q);
        const auto now = Clock::now();
        point.latency_ms.push_back(std::chrono::duration<double, std::milli>(now - before).count());
        before = now;
    }
    point.cpu_ms.push_back((searcher.cpu_seconds() - cpu) * 1e3 /
                           static_cast<double>(searcher.queries()));
    return std::chrono::duration<double>(before - start).count();
}

void warm_pass(const Dataset& data, const Options& options, Searcher& searcher, Point& point) {
    std::vector<double> recalls;
    for (std::size_t q = 0; q < searcher.queries(); ++q)
        recalls.push_back(recall(data, q, searcher.search(q), options.k));
    point.queries = searcher.queries();
    if (dynamic_cast<FloorSearcher*>(&searcher) != nullptr)
        return;
    double sum = 0;
    for (const double r : recalls)
        sum += r;
    point.recall_mean = sum / static_cast<double>(recalls.size());
    std::sort(recalls.begin(), recalls.end());
    point.recall_p5 = recalls[recalls.size() / 20];
    if (auto* sql = dynamic_cast<SqlSearcher*>(&searcher); sql != nullptr && sql->has_ef())
        point.pages = sql->count_pages();
}

}  // namespace

SqlSearcher::SqlSearcher(const Dataset& data, const Options& options, const std::string& method,
                         const std::string& table, bool use_index)
    : method_(method),
      table_(table),
      index_(index_name(options, method)),
      statement_("SELECT id FROM " + table + " ORDER BY v " + distance_operator(options.metric) +
                 " $1 LIMIT " + std::to_string(options.k)),
      use_index_(use_index),
      conn_(options.conn) {
    conn_.exec(use_index ? "SET enable_seqscan = off" : "SET enable_indexscan = off");
    vector_type_ = static_cast<Oid>(conn_.integer("SELECT 'vector'::regtype::oid"));
    conn_.prepare("nearest", statement_, vector_type_);
    const std::size_t wanted =
        use_index ? data.test.rows() : static_cast<std::size_t>(options.seqscan_queries);
    for (std::size_t q = 0; q < std::min(wanted, data.test.rows()); ++q)
        parameters_.push_back(encode_vector(data.test.row(q), data.test.dim));
}

void SqlSearcher::set_ef(int ef) {
    conn_.exec("SET " + method_ + ".ef_search = " + std::to_string(ef));
}

std::vector<std::uint32_t> SqlSearcher::search(std::size_t q) {
    return column_of_ids(conn_.execute("nearest", parameters_[q]).get());
}

// Of the table, its TOAST table and that one's index: the distance of every returned row is
// computed once more for the target list, from a vector that may be stored out of line. The
// backend's own count within the open transaction: the table-wide statistics also receive, late,
// what other connections did.
std::int64_t SqlSearcher::heap_blocks() {
    return conn_.integer(
        "SELECT sum(pg_stat_get_xact_blocks_fetched(o))::bigint FROM pg_class t LEFT JOIN pg_index "
        "i "
        "ON i.indrelid = t.reltoastrelid, LATERAL (VALUES (t.oid), (t.reltoastrelid), "
        "(i.indexrelid)) AS parts (o) WHERE t.oid = '" +
        table_ + "'::regclass");
}

Pages SqlSearcher::count_pages() {
    constexpr std::size_t kSample = 200;
    const std::size_t sample = std::min(kSample, parameters_.size());
    conn_.exec("BEGIN");
    const std::int64_t heap_before = heap_blocks();
    std::int64_t total = 0;
    for (std::size_t q = 0; q < sample; ++q) {
        const Result plan = conn_.exec_params(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) " + statement_, vector_type_, parameters_[q]);
        total += scan_buffers(plan_text(plan.get()), index_);
    }
    const std::int64_t heap = heap_blocks() - heap_before;
    conn_.exec("COMMIT");
    Pages pages;
    pages.total = static_cast<double>(total) / static_cast<double>(sample);
    pages.index = static_cast<double>(total - heap) / static_cast<double>(sample);

    conn_.exec("SET enable_seqscan = on");
    const Result plan = conn_.exec_params("EXPLAIN " + statement_, vector_type_, parameters_[0]);
    pages.planner_chose_index = plan_text(plan.get()).find(index_) != std::string::npos;
    conn_.exec("SET enable_seqscan = off");
    return pages;
}

FloorSearcher::FloorSearcher(const Dataset& data, const Options& options, const std::string& table)
    : conn_(options.conn) {
    conn_.prepare("by_key", "SELECT id FROM " + table + " WHERE id = $1",
                  static_cast<Oid>(conn_.integer("SELECT 'integer'::regtype::oid")));
    Random rng(options.seed);
    for (std::size_t q = 0; q < data.test.rows(); ++q)
        parameters_.push_back(
            encode_int4(static_cast<std::uint32_t>(rng.below(data.train.rows()))));
}

std::vector<std::uint32_t> FloorSearcher::search(std::size_t q) {
    return column_of_ids(conn_.execute("by_key", parameters_[q]).get());
}

HnswlibSearcher::HnswlibSearcher(const Dataset& data, const Options& options)
    : data_(data), k_(options.k), index_(data, options) {}

std::vector<std::uint32_t> HnswlibSearcher::search(std::size_t q) {
    return index_.search(data_.test_unit.row(q), k_);
}

double HnswlibSearcher::cpu_seconds() const {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::vector<Point> sweep(const Dataset& data, const Options& options,
                         const std::vector<std::unique_ptr<Searcher>>& searchers) {
    struct Task {
        Searcher* searcher;
        int ef;
        Point point;
    };
    std::vector<Task> tasks;
    for (const auto& searcher : searchers)
        if (!searcher->has_ef())
            tasks.push_back({searcher.get(), 0, {}});
    for (const int ef : options.efs)
        for (const auto& searcher : searchers)
            if (searcher->has_ef())
                tasks.push_back({searcher.get(), ef, {}});

    for (Task& task : tasks) {
        task.searcher->set_ef(task.ef);
        task.point.method = task.searcher->name();
        task.point.ef = task.ef;
        warm_pass(data, options, *task.searcher, task.point);
    }
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
        std::cerr << "timed pass " << repeat + 1 << " of " << options.repeats << "\n";
        for (Task& task : tasks) {
            task.searcher->set_ef(task.ef);
            const double seconds = timed_pass(*task.searcher, task.point);
            task.point.qps.push_back(static_cast<double>(task.searcher->queries()) / seconds);
        }
        std::reverse(tasks.begin(), tasks.end());
    }
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task& a, const Task& b) { return a.ef < b.ef; });
    std::vector<Point> points;
    for (const auto& searcher : searchers)
        for (Task& task : tasks)
            if (task.searcher == searcher.get())
                points.push_back(std::move(task.point));
    return points;
}

}  // namespace vg::bench
