// libpq side of the benchmark; see database.h.
#include "database.h"

#include <bit>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>

#include "core/base/status.h"
#include "memory_probe.h"

namespace vg::bench {

namespace {

[[noreturn]] void fail(PGconn* conn, const std::string& what) {
    throw Error(StatusCode::kInternal, what + ": " + PQerrorMessage(conn));
}

template <typename UInt>
void append_big_endian(std::string& out, UInt value) {
    for (int shift = 8 * (static_cast<int>(sizeof(UInt)) - 1); shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(value >> shift & 0xFF));
}

std::string table_fingerprint(const Dataset& data, const Options& options) {
    char text[160];
    std::snprintf(text, sizeof text, "vectorgraph bench: rows %zu dim %zu order %s seed %" PRIu64,
                  data.train.rows(), data.train.dim, options.heap_order_name.c_str(), options.seed);
    return text;
}

void copy_rows(Connection& conn, const Dataset& data, const std::string& table) {
    constexpr std::size_t kFlushBytes = 1 << 20;
    conn.exec("COPY " + table + " (id, v) FROM STDIN WITH (FORMAT binary)");
    std::string buffer("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    const auto flush = [&] {
        if (PQputCopyData(conn.raw(), buffer.data(), static_cast<int>(buffer.size())) != 1)
            fail(conn.raw(), "COPY " + table);
        buffer.clear();
    };
    for (const std::uint32_t id : data.load_order) {
        const std::string vector = encode_vector(data.train.row(id), data.train.dim);
        append_big_endian<std::uint16_t>(buffer, 2);  // columns
        append_big_endian<std::uint32_t>(buffer, 4);
        append_big_endian<std::uint32_t>(buffer, id);
        append_big_endian(buffer, static_cast<std::uint32_t>(vector.size()));
        buffer += vector;
        if (buffer.size() >= kFlushBytes)
            flush();
    }
    append_big_endian<std::uint16_t>(buffer, 0xFFFF);  // end of data
    flush();
    if (PQputCopyEnd(conn.raw(), nullptr) != 1)
        fail(conn.raw(), "COPY " + table);
    const Result done(PQgetResult(conn.raw()));
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK)
        fail(conn.raw(), "COPY " + table);
    while (PGresult* more = PQgetResult(conn.raw()))
        PQclear(more);
}

const char kFigures[] = "m %d efc %d workers %d seconds %lf private %" SCNd64 " dynamic %" SCNd64
                        " high_water %" SCNd64;

std::string index_comment(const Options& options, const BuildResult& build) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "m %d efc %d workers %d seconds %.3f private %" PRId64 " dynamic %" PRId64
                  " high_water %" PRId64,
                  options.m, options.ef_construction, options.workers, build.seconds,
                  build.private_bytes, build.dynamic_bytes, build.high_water_bytes);
    return text;
}

// True when the index exists and was built with the same parameters; fills in its figures then.
bool find_built_index(Connection& conn, const Options& options, const std::string& index,
                      BuildResult& build) {
    const std::string comment = conn.value(
        "SELECT obj_description(indexrelid, 'pg_class') FROM pg_index"
        " WHERE indexrelid = to_regclass('" +
        index + "') AND indisvalid");
    int m = 0, efc = 0, workers = 0;
    if (std::sscanf(comment.c_str(), kFigures, &m, &efc, &workers, &build.seconds,
                    &build.private_bytes, &build.dynamic_bytes, &build.high_water_bytes) != 7)
        return false;
    build.reused = true;
    return m == options.m && efc == options.ef_construction && workers == options.workers;
}

}  // namespace

Connection::Connection(const std::string& conninfo) : conn_(PQconnectdb(conninfo.c_str())) {
    if (PQstatus(conn_) != CONNECTION_OK) {
        const std::string message = PQerrorMessage(conn_);
        PQfinish(conn_);
        throw Error(StatusCode::kInvalidArgument, "cannot connect: " + message);
    }
    exec("SET client_min_messages = warning");
    exec("SET jit = off");
    exec("SET max_parallel_workers_per_gather = 0");
    exec("SET plan_cache_mode = force_generic_plan");
}

Connection::~Connection() {
    PQfinish(conn_);
}

Result Connection::checked(PGresult* raw) {
    Result result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
        fail(conn_, "query failed");
    return result;
}

Result Connection::exec(const std::string& sql) {
    return checked(PQexec(conn_, sql.c_str()));
}

std::string Connection::value(const std::string& sql) {
    const Result result = exec(sql);
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

std::int64_t Connection::integer(const std::string& sql) {
    return std::stoll(value(sql));
}

void Connection::prepare(const std::string& name, const std::string& sql, Oid parameter) {
    checked(PQprepare(conn_, name.c_str(), sql.c_str(), 1, &parameter));
}

Result Connection::execute(const std::string& name, const std::string& parameter) {
    const char* value = parameter.data();
    const int length = static_cast<int>(parameter.size());
    const int binary = 1;
    return checked(PQexecPrepared(conn_, name.c_str(), 1, &value, &length, &binary, 1));
}

Result Connection::exec_params(const std::string& sql, Oid type, const std::string& parameter) {
    const char* value = parameter.data();
    const int length = static_cast<int>(parameter.size());
    const int binary = 1;
    return checked(PQexecParams(conn_, sql.c_str(), 1, &type, &value, &length, &binary, 0));
}

double Connection::cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(backend_pid()) + "/schedstat");
    double nanoseconds = std::numeric_limits<double>::quiet_NaN();
    file >> nanoseconds;
    return nanoseconds * 1e-9;
}

std::string encode_vector(const float* values, std::size_t dim) {
    std::string out;
    out.reserve(4 + 4 * dim);
    append_big_endian(out, static_cast<std::uint16_t>(dim));
    append_big_endian<std::uint16_t>(out, 0);
    for (std::size_t i = 0; i < dim; ++i)
        append_big_endian(out, std::bit_cast<std::uint32_t>(values[i]));
    return out;
}

std::string encode_int4(std::uint32_t value) {
    std::string out;
    append_big_endian(out, value);
    return out;
}

std::uint32_t decode_int4(const char* bytes) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

bool has_access_method(Connection& conn, const std::string& name) {
    for (const std::string extension : {"vector", "vectorgraph"})
        if (!conn.value("SELECT 1 FROM pg_available_extensions WHERE name = '" + extension + "'")
                 .empty())
            conn.exec("CREATE EXTENSION IF NOT EXISTS " + extension);
    return !conn.value("SELECT 1 FROM pg_am WHERE amname = '" + name + "'").empty();
}

std::string table_name(const Options& options, const std::string& method) {
    std::string name = "bench_" + options.dataset;
    if (options.heap_order != HeapOrder::kShuffled)
        name += "_" + options.heap_order_name;
    if (options.duplicates > 0)
        name += "_dup" + std::to_string(options.duplicates);
    return name + "_" + method;
}

std::string index_name(const Options& options, const std::string& method) {
    return table_name(options, method) + "_v_idx";
}

const char* distance_operator(Metric metric) {
    return metric == Metric::kCosine ? "<=>" : "<->";
}

void load_table(Connection& conn, const Dataset& data, const Options& options,
                const std::string& method) {
    const std::string table = table_name(options, method);
    const std::string fingerprint = table_fingerprint(data, options);
    if (options.reuse && conn.value("SELECT obj_description(to_regclass('" + table +
                                    "'), 'pg_class')") == fingerprint)
        return;
    std::cerr << "loading " << table << "\n";
    conn.exec("DROP TABLE IF EXISTS " + table);
    conn.exec("CREATE TABLE " + table + " (id integer, v vector(" + std::to_string(data.train.dim) +
              "))");
    copy_rows(conn, data, table);
    conn.exec("ALTER TABLE " + table + " ADD PRIMARY KEY (id)");
    conn.exec("VACUUM (ANALYZE) " + table);
    conn.exec("COMMENT ON TABLE " + table + " IS '" + fingerprint + "'");
}

BuildResult build_index(const Options& options, const std::string& method) {
    const std::string table = table_name(options, method);
    const std::string index = index_name(options, method);
    Connection conn(options.conn);
    BuildResult build;
    if (!options.reuse || !find_built_index(conn, options, index, build)) {
        build = BuildResult{};
        std::cerr << "building " << index << "\n";
        conn.exec("DROP INDEX IF EXISTS " + index);
        conn.exec("SET max_parallel_maintenance_workers = " + std::to_string(options.workers));
        conn.exec("ALTER TABLE " + table +
                  " SET (parallel_workers = " + std::to_string(options.workers) + ")");
        const char* suffix = options.metric == Metric::kCosine ? "cosine" : "l2";
        MemoryProbe probe(conn.backend_pid());
        const auto start = std::chrono::steady_clock::now();
        conn.exec("CREATE INDEX " + index + " ON " + table + " USING " + method + " (v vector_" +
                  suffix + "_ops) WITH (m = " + std::to_string(options.m) +
                  ", ef_construction = " + std::to_string(options.ef_construction) + ")");
        build.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const MemoryPeaks peaks = probe.stop();
        build.private_bytes = peaks.private_bytes;
        build.dynamic_bytes = peaks.dynamic_bytes;
        build.high_water_bytes = peaks.high_water_bytes;
        conn.exec("COMMENT ON INDEX " + index + " IS '" + index_comment(options, build) + "'");
        conn.exec("CHECKPOINT");
    }
    build.index_bytes = conn.integer("SELECT pg_relation_size('" + index + "')");
    build.table_bytes = conn.integer("SELECT pg_table_size('" + table + "')");
    return build;
}

}  // namespace vg::bench
