// Tables, indexes and measured batches of queries. A Bench belongs to one thread and one
// connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "database.h"
#include "shape.h"
#include "truth.h"

namespace vg::bench::shapes {

// A way of answering: an index method, and for pgvector how many rows a scan may visit.
enum class Way { kLidHnsw, kHnsw, kHnswUnbounded };
inline constexpr int kWays = 3;

// What stays the same over the passes of a cell.
struct Question {
    Metric metric;
    Filter filter;
    std::size_t k;
    int ef;
};

struct Batch {
    std::vector<std::vector<std::uint32_t>> answers;  // ids per query
    double buffers = 0;                               // per query, of index and table, hit or read
    double table_buffers = 0;                         // of which: the table's, with its TOAST
    double cpu_ms = 0;                                // per query, of the backend
};

const char* metric_name(Metric metric);
const char* filter_name(Filter filter);

class Bench {
  public:
    // What of an earlier run in this database is used again, and left there for the next.
    enum class Reuse { kNothing, kTablesAndHnsw, kAll };

    // Creates the extensions. `workers`: parallel workers beside the leader during builds; `alone`:
    // hnsw is left out even where it is installed.
    Bench(const std::string& conninfo, int workers, Reuse reuse, bool alone);

    bool has_hnsw() const { return has_hnsw_; }
    std::string versions();

    // Makes the tables of all methods present. The shape must outlive its use.
    void load(const Shape& shape);
    // Builds the indexes of one metric on them; says on stderr how long it took.
    void build(const Shape& shape, Metric metric);
    // Answers the first `queries` queries of the shape, one statement each, after one that is not
    // counted.
    Batch answer(const Shape& shape, Way way, const Question& question, std::size_t queries);
    void drop(const Shape& shape);

  private:
    void load_table(const Shape& shape, const std::string& method);
    // Name of a prepared statement for this method, filter, metric and k; prepared, and its plan
    // looked at, at its first use.
    std::string statement(const Shape& shape, const std::string& method, const Question& question);
    Result execute(const std::string& statement, const Shape& shape, const Question& question,
                   std::size_t query);
    std::int64_t statement_buffers();
    std::int64_t table_buffers(const std::string& table);
    double settled_cpu_seconds();

    Connection conn_;
    int workers_;
    Reuse reuse_;
    bool has_hnsw_ = false;
    std::string vector_type_;
    std::vector<std::string> prepared_;
};

}  // namespace vg::bench::shapes
