// The server's side of the regression bench; see measure.h.
//
// Buffers come from pg_stat_statements: lid_hnsw finds most pages where it met them last
// (ReadRecentBuffer), which the table-wide statistics do not count. CPU time is the scheduler's own
// account of the backend, read while it sleeps: while it runs, the account lags by up to a tick.
#include "measure.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <fstream>
#include <iostream>
#include <thread>

#include "core/base/status.h"

namespace vg::bench::shapes {

namespace {

const char* metric_operator(Metric metric) {
    switch (metric) {
        case Metric::kL2:
            return "<->";
        case Metric::kCosine:
            return "<=>";
        case Metric::kInnerProduct:
            return "<#>";
        case Metric::kL1:
            return "<+>";
    }
    return "";
}

std::string where(Filter filter) {
    switch (filter) {
        case Filter::kNone:
            return "";
        case Filter::kHalf:
            return " WHERE share < 500";
        case Filter::kTenth:
            return " WHERE share < 100";
        case Filter::kHundredth:
            return " WHERE share < 10";
        case Filter::kThousandth:
            return " WHERE share < 1";
        case Filter::kOwnCluster:
        case Filter::kFarCluster:
            return " WHERE cluster = $2";
    }
    return "";
}

bool has_second_parameter(Filter filter) {
    return filter == Filter::kOwnCluster || filter == Filter::kFarCluster;
}

std::string table_name(const Shape& shape, const std::string& method) {
    return "shapes_" + shape.name + "_" + std::to_string(shape.row_count()) + "_" + method;
}

std::string index_name(const Shape& shape, const std::string& method, Metric metric) {
    return table_name(shape, method) + "_" + metric_name(metric);
}

template <typename UInt>
void append_big_endian(std::string& out, UInt value) {
    for (int shift = 8 * (static_cast<int>(sizeof(UInt)) - 1); shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(value >> shift & 0xFF));
}

void append_field(std::string& out, const std::string& bytes) {
    append_big_endian(out, static_cast<std::uint32_t>(bytes.size()));
    out += bytes;
}

std::string copied_row(const Shape& shape, std::size_t i) {
    std::string out;
    append_big_endian<std::uint16_t>(out, 4);  // columns
    append_field(out, encode_int4(static_cast<std::uint32_t>(i)));
    append_field(out, encode_int4(shape.share[i]));
    append_field(out, encode_int4(shape.cluster[i]));
    append_field(out, encode_vector(shape.row(i), shape.dim));
    return out;
}

std::vector<std::uint32_t> ids_of(const PGresult* result) {
    std::vector<std::uint32_t> ids(static_cast<std::size_t>(PQntuples(result)));
    for (std::size_t i = 0; i < ids.size(); ++i)
        ids[i] = decode_int4(PQgetvalue(result, static_cast<int>(i), 0));
    return ids;
}

// 'S' while the process waits; '?' when there is no such process on this machine.
char process_state(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= text.size() ? '?' : text[name_end + 2];
}

}  // namespace

const char* metric_name(Metric metric) {
    switch (metric) {
        case Metric::kL2:
            return "l2";
        case Metric::kCosine:
            return "cosine";
        case Metric::kInnerProduct:
            return "ip";
        case Metric::kL1:
            return "l1";
    }
    return "";
}

const char* filter_name(Filter filter) {
    switch (filter) {
        case Filter::kNone:
            return "none";
        case Filter::kHalf:
            return "50%";
        case Filter::kTenth:
            return "10%";
        case Filter::kHundredth:
            return "1%";
        case Filter::kThousandth:
            return ".1%";
        case Filter::kOwnCluster:
            return "own";
        case Filter::kFarCluster:
            return "far";
    }
    return "";
}

Bench::Bench(const std::string& conninfo, int workers, Reuse reuse, bool alone)
    : conn_(conninfo), workers_(workers), reuse_(reuse) {
    if (!has_access_method(conn_, "lid_hnsw"))
        throw Error(StatusCode::kInvalidArgument, "the server does not have lid_hnsw");
    has_hnsw_ = !alone && has_access_method(conn_, "hnsw");
    conn_.exec("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    conn_.exec("SET enable_seqscan = off");
    conn_.exec("SET enable_sort = off");
    if (has_hnsw_)
        conn_.exec("SET hnsw.iterative_scan = strict_order");
    vector_type_ = conn_.value("SELECT 'vector'::regtype::oid");
}

std::string Bench::versions() {
    return conn_.value(
        "SELECT 'PostgreSQL ' || current_setting('server_version') || ', ' || "
        "string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension "
        "WHERE extname LIKE 'vector%'");
}

void Bench::load(const Shape& shape) {
    load_table(shape, "lid_hnsw");
    if (has_hnsw_)
        load_table(shape, "hnsw");
}

void Bench::load_table(const Shape& shape, const std::string& method) {
    const std::string table = table_name(shape, method);
    if (reuse_ != Reuse::kNothing &&
        !conn_.value("SELECT obj_description(to_regclass('" + table + "'), 'pg_class')").empty())
        return;
    conn_.exec("DROP TABLE IF EXISTS " + table);
    conn_.exec("CREATE TABLE " + table + " (id integer, share integer, cluster integer, v vector(" +
               std::to_string(shape.dim) + "))");
    conn_.exec("COPY " + table + " FROM STDIN WITH (FORMAT binary)");
    std::string buffer("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    bool sent = true;
    for (std::size_t i = 0; i < shape.row_count(); ++i) {
        buffer += copied_row(shape, i);
        if (buffer.size() < (1 << 20))
            continue;
        sent =
            sent && PQputCopyData(conn_.raw(), buffer.data(), static_cast<int>(buffer.size())) == 1;
        buffer.clear();
    }
    append_big_endian<std::uint16_t>(buffer, 0xFFFF);  // end of data
    sent = sent &&
           PQputCopyData(conn_.raw(), buffer.data(), static_cast<int>(buffer.size())) == 1 &&
           PQputCopyEnd(conn_.raw(), nullptr) == 1;
    while (PGresult* result = PQgetResult(conn_.raw())) {
        sent = sent && PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    if (!sent)
        throw Error(StatusCode::kInternal, "COPY " + table + ": " + PQerrorMessage(conn_.raw()));
    conn_.exec("VACUUM (ANALYZE) " + table);
    conn_.exec("COMMENT ON TABLE " + table + " IS 'loaded'");
}

void Bench::build(const Shape& shape, Metric metric) {
    for (const std::string method : {"lid_hnsw", "hnsw"}) {
        if (method == "hnsw" && !has_hnsw_)
            continue;
        const std::string index = index_name(shape, method, metric);
        const bool reused = method == "hnsw" ? reuse_ != Reuse::kNothing : reuse_ == Reuse::kAll;
        if (reused && !conn_.value("SELECT to_regclass('" + index + "')").empty())
            continue;
        const auto start = std::chrono::steady_clock::now();
        conn_.exec("DROP INDEX IF EXISTS " + index);
        conn_.exec("SET max_parallel_maintenance_workers = " + std::to_string(workers_));
        conn_.exec("ALTER TABLE " + table_name(shape, method) +
                   " SET (parallel_workers = " + std::to_string(workers_) + ")");
        conn_.exec("CREATE INDEX " + index + " ON " + table_name(shape, method) + " USING " +
                   method + " (v vector_" + metric_name(metric) +
                   "_ops) WITH (m = 16, ef_construction = 64)");
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        std::cerr << "built " << index << " in " << seconds.count() << " s\n";
    }
}

void Bench::drop(const Shape& shape) {
    conn_.exec("DEALLOCATE ALL");
    prepared_.clear();
    if (reuse_ != Reuse::kNothing)
        return;
    for (const std::string method : {"lid_hnsw", "hnsw"})
        conn_.exec("DROP TABLE IF EXISTS " + table_name(shape, method));
}

std::string Bench::statement(const Shape& shape, const std::string& method,
                             const Question& question) {
    std::string name = table_name(shape, method) + "_" + metric_name(question.metric) + "_" +
                       std::to_string(static_cast<int>(question.filter)) + "_" +
                       std::to_string(question.k);
    if (std::find(prepared_.begin(), prepared_.end(), name) != prepared_.end())
        return name;
    const std::string types =
        has_second_parameter(question.filter) ? "(vector, integer)" : "(vector)";
    conn_.exec("PREPARE " + name + types + " AS SELECT id FROM " + table_name(shape, method) +
               where(question.filter) + " ORDER BY v " + metric_operator(question.metric) +
               " $1 LIMIT " + std::to_string(question.k));
    const std::string values = has_second_parameter(question.filter) ? "(NULL, NULL)" : "(NULL)";
    const Result plan = conn_.exec("EXPLAIN EXECUTE " + name + values);
    const std::string wanted =
        "Index Scan using " + index_name(shape, method, question.metric) + " ";
    std::string text;
    for (int i = 0; i < PQntuples(plan.get()); ++i)
        text.append(PQgetvalue(plan.get(), i, 0)).push_back('\n');
    if (text.find(wanted) == std::string::npos || text.find("Sort") != std::string::npos)
        throw Error(StatusCode::kInternal, "not a plan of the index alone:\n" + text);
    prepared_.push_back(name);
    return name;
}

Result Bench::execute(const std::string& statement, const Shape& shape, const Question& question,
                      std::size_t query) {
    const std::string vector = encode_vector(shape.query(query), shape.dim);
    const std::string cluster =
        encode_int4(question.filter == Filter::kOwnCluster ? shape.own_cluster[query]
                                                           : shape.far_cluster[query]);
    const char* values[] = {vector.data(), cluster.data()};
    const int lengths[] = {static_cast<int>(vector.size()), static_cast<int>(cluster.size())};
    const int formats[] = {1, 1};
    Result result(PQexecPrepared(conn_.raw(), statement.c_str(),
                                 has_second_parameter(question.filter) ? 2 : 1, values, lengths,
                                 formats, 1));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK)
        throw Error(StatusCode::kInternal, statement + ": " + PQerrorMessage(conn_.raw()));
    return result;
}

std::int64_t Bench::statement_buffers() {
    return conn_.integer(
        "SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint FROM "
        "pg_stat_statements "
        "WHERE query LIKE '%SELECT id FROM shapes%'");
}

// Of the table, its TOAST table and that one's index, as this backend counted them in its
// transaction.
std::int64_t Bench::table_buffers(const std::string& table) {
    return conn_.integer(
        "SELECT sum(pg_stat_get_xact_blocks_fetched(o))::bigint FROM pg_class t LEFT JOIN pg_index "
        "i "
        "ON i.indrelid = t.reltoastrelid, LATERAL (VALUES (t.oid), (t.reltoastrelid), "
        "(i.indexrelid)) AS parts (o) WHERE t.oid = '" +
        table + "'::regclass");
}

double Bench::settled_cpu_seconds() {
    const char state = process_state(conn_.backend_pid());
    for (int i = 0; state != '?' && process_state(conn_.backend_pid()) != 'S' && i < 1000; ++i)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    return conn_.cpu_seconds();
}

Batch Bench::answer(const Shape& shape, Way way, const Question& question, std::size_t queries) {
    const std::string method = way == Way::kLidHnsw ? "lid_hnsw" : "hnsw";
    conn_.exec("SET " + method + ".ef_search = " + std::to_string(question.ef));
    if (method == "hnsw") {
        const bool unbounded = way == Way::kHnswUnbounded;
        conn_.exec("SET hnsw.max_scan_tuples = " +
                   (unbounded ? std::to_string(INT_MAX) : "default"));
        conn_.exec(std::string("SET hnsw.scan_mem_multiplier = ") +
                   (unbounded ? "1000" : "default"));
    }
    const std::string name = statement(shape, method, question);
    execute(name, shape, question, queries - 1);

    Batch batch;
    conn_.exec("BEGIN");
    const std::int64_t table_before = table_buffers(table_name(shape, method));
    conn_.exec("SELECT pg_stat_statements_reset()");
    const double cpu_before = settled_cpu_seconds();
    for (std::size_t q = 0; q < queries; ++q)
        batch.answers.push_back(ids_of(execute(name, shape, question, q).get()));
    const double cpu = settled_cpu_seconds() - cpu_before;
    batch.cpu_ms = cpu * 1e3 / static_cast<double>(queries);
    batch.buffers = static_cast<double>(statement_buffers()) / static_cast<double>(queries);
    batch.table_buffers =
        static_cast<double>(table_buffers(table_name(shape, method)) - table_before) /
        static_cast<double>(queries);
    conn_.exec("COMMIT");
    return batch;
}

}  // namespace vg::bench::shapes
