// What the benchmark asks of a PostgreSQL server, over libpq: load a table, build an index, run a
// prepared statement, count buffers. One Connection belongs to one thread. Every failure throws
// vg::Error with the server's message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "dataset.h"
#include "options.h"

namespace vg::bench {

struct ResultDeleter {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultDeleter>;

class Connection {
  public:
    explicit Connection(const std::string& conninfo);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result exec(const std::string& sql);
    // First column of the first row; empty when there is no row or the value is NULL.
    std::string value(const std::string& sql);
    std::int64_t integer(const std::string& sql);
    void prepare(const std::string& name, const std::string& sql, Oid parameter);
    // Runs a prepared statement with one binary parameter and binary results.
    Result execute(const std::string& name, const std::string& parameter);
    // Runs a statement with one binary parameter and text results.
    Result exec_params(const std::string& sql, Oid type, const std::string& parameter);
    int backend_pid() const { return PQbackendPID(conn_); }
    // CPU seconds of the backend so far; NaN when it does not run on this machine.
    double cpu_seconds() const;
    PGconn* raw() { return conn_; }

  private:
    Result checked(PGresult* result);

    PGconn* conn_;
};

// pgvector's binary format of a vector: int16 dimension, int16 zero, big-endian float4 values.
std::string encode_vector(const float* values, std::size_t dim);
std::string encode_int4(std::uint32_t value);
std::uint32_t decode_int4(const char* bytes);

struct BuildResult {
    double seconds = 0;
    std::int64_t index_bytes = 0;
    std::int64_t table_bytes = 0;       // heap and TOAST
    std::int64_t private_bytes = 0;     // peak RssAnon of the backend and its parallel workers
    std::int64_t dynamic_bytes = 0;     // peak growth of dynamic shared memory
    std::int64_t high_water_bytes = 0;  // VmHWM of the backend: includes shared buffers it touched
    bool reused = false;
};

// "hnsw" or "lid_hnsw" in the server's list of access methods, after creating what is available.
bool has_access_method(Connection& conn, const std::string& name);
std::string table_name(const Options& options, const std::string& method);
std::string index_name(const Options& options, const std::string& method);
const char* distance_operator(Metric metric);

// Creates (id integer primary key, v vector(dim)), loads it by binary COPY in data.load_order and
// vacuums it. With options.reuse, keeps a table loaded by an earlier run with the same parameters.
void load_table(Connection& conn, const Dataset& data, const Options& options,
                const std::string& method);

// Builds the method's index with options.workers parallel workers on a fresh connection, so that
// the memory figures are the build's own. The figures are kept in the index's comment for
// options.reuse.
BuildResult build_index(const Options& options, const std::string& method);

}  // namespace vg::bench
