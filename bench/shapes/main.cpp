// Regression bench: recall, buffers and CPU time of lid_hnsw and pgvector's hnsw over data sets,
// metrics, filters, limits and values of ef_search, a row of a tab-separated table per cell. It
// measures; bench/shapes/report.mjs judges. bench/shapes/run.sh runs both.
#include <algorithm>
#include <cmath>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/base/status.h"
#include "measure.h"

namespace vg::bench::shapes {

namespace {

const char kUsage[] =
    "usage: bench_shapes [options] --out FILE SET:ROWS:METRIC[,METRIC...] ...\n"
    "  --conn STRING   libpq connection string (default: PG* environment)\n"
    "  --data DIR      files of bench/prepare_data.mjs (default build/data)\n"
    "  --queries N     per cell (default 500)\n"
    "  --passes N      over the queries; CPU time is their median (default 3)\n"
    "  --ks LIST --efs LIST --filters LIST\n"
    "  --workers N     parallel workers beside the leader during builds (default 1)\n"
    "  --reuse         keep tables, and pgvector's indexes, of an earlier run\n"
    "  --keep          keep lid_hnsw's indexes too\n"
    "  --alone         leave pgvector out\n";

struct Wanted {
    std::string set;
    std::size_t rows;
    std::vector<Metric> metrics;
};

struct Options {
    std::string conn, data = "build/data", out;
    std::size_t queries = 500;
    int passes = 3;
    int workers = 1;
    Bench::Reuse reuse = Bench::Reuse::kNothing;
    bool alone = false;
    std::vector<std::size_t> ks = {1, 10, 50, 100, 200, 500};
    std::vector<int> efs = {10, 40, 100, 200};  // ascending
    std::vector<Filter> filters = {Filter::kNone,      Filter::kHalf,       Filter::kTenth,
                                   Filter::kHundredth, Filter::kThousandth, Filter::kOwnCluster,
                                   Filter::kFarCluster};
    std::vector<Wanted> wanted;
};

[[noreturn]] void fail(const std::string& message) {
    throw Error(StatusCode::kInvalidArgument, message);
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);)
        parts.push_back(part);
    return parts;
}

int number(const std::string& text) {
    try {
        std::size_t end = 0;
        const int value = std::stoi(text, &end);
        if (end == text.size() && value >= 0)
            return value;
    } catch (const std::exception&) {
    }
    fail("not a number: " + text);
}

Metric metric_of(const std::string& name) {
    for (const Metric m : {Metric::kL2, Metric::kCosine, Metric::kInnerProduct, Metric::kL1})
        if (name == metric_name(m))
            return m;
    fail("unknown metric: " + name);
}

Filter filter_of(const std::string& name) {
    for (const Filter f : Options().filters)
        if (name == filter_name(f))
            return f;
    fail("unknown filter: " + name);
}

template <typename T, typename Parse>
std::vector<T> parse_list(const std::string& text, Parse parse) {
    std::vector<T> values;
    for (const std::string& part : split(text, ','))
        values.push_back(static_cast<T>(parse(part)));
    return values;
}

Wanted wanted_of(const std::string& text) {
    const std::vector<std::string> parts = split(text, ':');
    if (parts.size() != 3)
        fail("not SET:ROWS:METRICS: " + text);
    return {parts[0], static_cast<std::size_t>(number(parts[1])),
            parse_list<Metric>(parts[2], metric_of)};
}

Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--reuse" || name == "--keep") {
            options.reuse = name == "--keep" ? Bench::Reuse::kAll : Bench::Reuse::kTablesAndHnsw;
            continue;
        }
        if (name == "--alone") {
            options.alone = true;
            continue;
        }
        if (name.compare(0, 2, "--") != 0) {
            options.wanted.push_back(wanted_of(name));
            continue;
        }
        if (i + 1 == argc)
            fail(name + " needs a value");
        const std::string value = argv[++i];
        if (name == "--conn")
            options.conn = value;
        else if (name == "--data")
            options.data = value;
        else if (name == "--out")
            options.out = value;
        else if (name == "--queries")
            options.queries = static_cast<std::size_t>(number(value));
        else if (name == "--passes")
            options.passes = number(value);
        else if (name == "--workers")
            options.workers = number(value);
        else if (name == "--ks")
            options.ks = parse_list<std::size_t>(value, number);
        else if (name == "--efs")
            options.efs = parse_list<int>(value, number);
        else if (name == "--filters")
            options.filters = parse_list<Filter>(value, filter_of);
        else
            fail("unknown option: " + name);
    }
    if (options.out.empty() || options.wanted.empty() || options.queries < 1 || options.passes < 1)
        fail("--out, a set, a query and a pass are needed");
    std::sort(options.efs.begin(), options.efs.end());
    return options;
}

// Mean of some values and the standard error of it.
struct Mean {
    double value = 0, error = 0;
};

Mean mean(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    Mean result;
    for (const double v : values)
        result.value += v / n;
    double squares = 0;
    for (const double v : values)
        squares += (v - result.value) * (v - result.value);
    result.error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
    return result;
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result(a.size());
    std::transform(a.begin(), a.end(), b.begin(), result.begin(), std::minus<>());
    return result;
}

// What one way gave in one cell.
struct Measured {
    std::vector<double> recalls;  // per query; empty: not measured
    double buffers = 0, table_buffers = 0;
    std::vector<double> cpu_ms;     // per pass
    std::size_t short_answers = 0;  // with fewer rows than the table has for them
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    return n == 0 ? 0 : (values[(n - 1) / 2] + values[n / 2]) / 2;
}

constexpr std::size_t kDefaultBound = 20000;  // hnsw.max_scan_tuples

// Cells of one data set, metric, filter and k share the exact answers and are compared along ef.
class Column {
  public:
    Column(Bench& bench, const Options& options, const Shape& shape, Metric metric, Filter filter,
           const Nearest& nearest, std::size_t k)
        : bench_(bench),
          options_(options),
          shape_(shape),
          nearest_(nearest),
          question_{metric, filter, k, 0} {}

    // Answers everything once, unmeasured: the first thousand searches of a session pay for its
    // page tables, which with MNIST made the lowest ef_search cost four times what it costs.
    void warm_up() {
        question_.ef = *std::max_element(options_.efs.begin(), options_.efs.end());
        for (const Way way : {Way::kLidHnsw, Way::kHnsw}) {
            if (way == Way::kLidHnsw || bench_.has_hnsw())
                bench_.answer(shape_, way, question_, options_.queries);
        }
    }

    void run(std::ostream& out) {
        std::vector<double> best;  // recalls at the lower ef with the highest mean
        for (const int ef : options_.efs) {
            question_.ef = ef;
            Measured measured[kWays];
            measure(measured);
            write(out, measured, best);
            const std::vector<double>& ours = measured[0].recalls;
            if (best.empty() || mean(ours).value > mean(best).value)
                best = ours;
        }
        out.flush();
    }

  private:
    // A scan of pgvector without bounds differs from one with its default bounds only where that
    // one ends before the answer is complete.
    void measure(Measured (&measured)[kWays]) {
        std::vector<Way> ways = {Way::kLidHnsw};
        if (bench_.has_hnsw())
            ways.push_back(Way::kHnsw);
        for (int pass = 0; pass < options_.passes; ++pass) {
            for (const Way way : ways)
                add_pass(measured[static_cast<int>(way)], way);
            if (pass == 0 && shape_.row_count() > kDefaultBound &&
                measured[static_cast<int>(Way::kHnsw)].short_answers > 0) {
                ways.push_back(Way::kHnswUnbounded);
                add_pass(measured[static_cast<int>(Way::kHnswUnbounded)], Way::kHnswUnbounded);
            }
            std::reverse(ways.begin(), ways.end());
        }
    }

    void add_pass(Measured& to, Way way) {
        Batch batch = bench_.answer(shape_, way, question_, options_.queries);
        to.cpu_ms.push_back(batch.cpu_ms);
        if (!to.recalls.empty())
            return;
        to.buffers = batch.buffers;
        to.table_buffers = batch.table_buffers;
        for (std::size_t q = 0; q < batch.answers.size(); ++q) {
            to.short_answers += batch.answers[q].size() < std::min(question_.k, nearest_[q].size());
            to.recalls.push_back(recall(shape_, question_.metric, question_.filter, nearest_, q,
                                        question_.k, std::move(batch.answers[q])));
        }
    }

    void write(std::ostream& out, const Measured (&measured)[kWays],
               const std::vector<double>& best) const {
        out << shape_.name << '\t' << shape_.row_count() << '\t' << metric_name(question_.metric)
            << '\t' << filter_name(question_.filter) << '\t' << question_.k << '\t' << question_.ef
            << '\t' << options_.queries;
        for (const Measured& m : measured) {
            if (m.recalls.empty()) {
                out << "\t\t\t\t\t";
                continue;
            }
            out << '\t' << mean(m.recalls).value << '\t' << m.short_answers << '\t' << m.buffers
                << '\t' << m.buffers - m.table_buffers << '\t' << median(m.cpu_ms);
        }
        const std::vector<double>& ours = measured[0].recalls;
        for (const Way way : {Way::kHnsw, Way::kHnswUnbounded})
            write_difference(out, ours, measured[static_cast<int>(way)].recalls);
        write_difference(out, ours, best);
        out << '\n';
    }

    static void write_difference(std::ostream& out, const std::vector<double>& ours,
                                 const std::vector<double>& other) {
        if (other.empty()) {
            out << "\t\t";
            return;
        }
        const Mean difference = mean(differences(ours, other));
        out << '\t' << difference.value << '\t' << difference.error;
    }

    Bench& bench_;
    const Options& options_;
    const Shape& shape_;
    const Nearest& nearest_;
    Question question_;
};

void write_head(std::ostream& out) {
    out << "data\trows\tmetric\tfilter\tk\tef\tqueries";
    for (const char* way : {"lid_hnsw", "hnsw", "hnsw_unbounded"})
        for (const char* what : {"recall", "short", "buffers", "index_buffers", "cpu_ms"})
            out << '\t' << way << '_' << what;
    for (const char* against : {"hnsw", "unbounded", "lower_ef"})
        out << "\tover_" << against << "\tover_" << against << "_se";
    out << '\n';
}

void run(const Options& options) {
    Bench bench(options.conn, options.workers, options.reuse, options.alone);
    std::cerr << bench.versions() << "\n";
    std::ofstream out(options.out);
    if (!out)
        fail("cannot write " + options.out);
    write_head(out);
    const std::size_t most = *std::max_element(options.ks.begin(), options.ks.end());
    for (const Wanted& wanted : options.wanted) {
        const Shape shape = make_shape(wanted.set, wanted.rows, options.queries, options.data);
        bench.load(shape);
        for (const Metric metric : wanted.metrics) {
            const std::vector<Nearest> nearest = find_nearest(shape, metric, options.filters, most);
            bench.build(shape, metric);
            for (std::size_t f = 0; f < options.filters.size(); ++f) {
                for (const std::size_t k : options.ks) {
                    Column column(bench, options, shape, metric, options.filters[f], nearest[f], k);
                    if (f == 0 && k == options.ks.front())
                        column.warm_up();
                    column.run(out);
                }
            }
        }
        bench.drop(shape);
    }
}

}  // namespace

}  // namespace vg::bench::shapes

int main(int argc, char** argv) {
    try {
        vg::bench::shapes::run(vg::bench::shapes::parse_options(argc, argv));
        return 0;
    } catch (const vg::Error& error) {
        std::cerr << "bench_shapes: " << error.what() << "\n";
        if (error.code() == vg::StatusCode::kInvalidArgument)
            std::cerr << vg::bench::shapes::kUsage;
    } catch (const std::exception& error) {
        std::cerr << "bench_shapes: " << error.what() << "\n";
    }
    return 1;
}
