// Timed passes over the queries. Every way of answering is a Searcher; the sweep interleaves them
// so that a noisy minute of the machine hits all alike.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "database.h"
#include "dataset.h"
#include "hnswlib_baseline.h"
#include "options.h"

namespace vg::bench {

// One way of answering queries. Not thread-safe: one client is what is measured.
class Searcher {
  public:
    virtual ~Searcher() = default;
    virtual const std::string& name() const = 0;
    virtual bool has_ef() const { return false; }
    virtual void set_ef(int) {}
    virtual std::size_t queries() const = 0;
    // Ids of the answers to query q.
    virtual std::vector<std::uint32_t> search(std::size_t q) = 0;
    // CPU seconds spent so far by what answers: the backend, or this thread. NaN where the system
    // does not tell. Unlike the clock they hardly count what else runs on the machine.
    virtual double cpu_seconds() const = 0;
};

struct Pages {
    double index = -1;  // buffers of the index per query, hits and reads; -1: not measured
    double total = -1;  // with the heap's
    bool planner_chose_index = false;  // without enable_seqscan = off
};

// A measured setting: ef is 0 where there is none.
struct Point {
    std::string method;
    int ef = 0;
    double recall_mean = -1, recall_p5 = -1;  // -1: not a nearest-neighbour search
    std::vector<double> qps;                  // one per repeat
    std::vector<double> cpu_ms;               // per query, one per repeat
    std::vector<double> latency_ms;           // of every timed query
    std::size_t queries = 0;
    Pages pages;
};

// Prepared `SELECT id ... ORDER BY v <op> $1 LIMIT k` through one method's index, or by sequential
// scan when use_index is false.
class SqlSearcher final : public Searcher {
  public:
    SqlSearcher(const Dataset& data, const Options& options, const std::string& method,
                const std::string& table, bool use_index);
    const std::string& name() const override { return method_; }
    bool has_ef() const override { return use_index_; }
    void set_ef(int ef) override;
    std::size_t queries() const override { return parameters_.size(); }
    std::vector<std::uint32_t> search(std::size_t q) override;
    double cpu_seconds() const override { return conn_.cpu_seconds(); }
    // Buffers per query over a sample of the queries at the present ef. Throws when the plan is not
    // an index scan of this method's index.
    Pages count_pages();

  private:
    std::int64_t heap_blocks();

    std::string method_, table_, index_, statement_;
    bool use_index_;
    Connection conn_;
    Oid vector_type_ = 0;
    std::vector<std::string> parameters_;  // encoded before the clock starts
};

// The floor under any SQL answer: a prepared primary-key look-up.
class FloorSearcher final : public Searcher {
  public:
    FloorSearcher(const Dataset& data, const Options& options, const std::string& table);
    const std::string& name() const override { return name_; }
    std::size_t queries() const override { return parameters_.size(); }
    std::vector<std::uint32_t> search(std::size_t q) override;
    double cpu_seconds() const override { return conn_.cpu_seconds(); }

  private:
    std::string name_ = "pk_lookup";
    Connection conn_;
    std::vector<std::string> parameters_;
};

class HnswlibSearcher final : public Searcher {
  public:
    HnswlibSearcher(const Dataset& data, const Options& options);
    const std::string& name() const override { return name_; }
    bool has_ef() const override { return true; }
    void set_ef(int ef) override { index_.set_ef(ef); }
    std::size_t queries() const override { return data_.test.rows(); }
    std::vector<std::uint32_t> search(std::size_t q) override;
    double cpu_seconds() const override;
    const HnswlibBaseline& index() const { return index_; }

  private:
    std::string name_ = "hnswlib";
    const Dataset& data_;
    int k_;
    HnswlibBaseline index_;
};

// Warms every searcher at every ef with one untimed pass (recall and pages come from it), then runs
// options.repeats timed passes in the order ef by ef, searcher by searcher, reversed every other
// time.
std::vector<Point> sweep(const Dataset& data, const Options& options,
                         const std::vector<std::unique_ptr<Searcher>>& searchers);

}  // namespace vg::bench
