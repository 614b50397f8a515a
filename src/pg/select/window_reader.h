// Reads the arguments of a selection window function: settings from the first row of the partition,
// the rest from every row.
//
// Owns nothing. Raises PostgreSQL errors (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <string_view>

#include "pg/select/select.h"

namespace vg::pg::select {

inline constexpr int kNoArgument = -1;

// Where a function has its arguments; kNoArgument for those it has not.
struct Layout {
    int method = kNoArgument;
    int embedding = kNoArgument;
    int relevance = kNoArgument;
    int k = kNoArgument;
    int diversity = kNoArgument;
    int shown = kNoArgument;
    int dedupe = kNoArgument;
    int cost = kNoArgument;
    int budget = kNoArgument;
    int grp = kNoArgument;
    int max_per_group = kNoArgument;
    int min_per_group = kNoArgument;
    int weight = kNoArgument;
    int relevance_weight = kNoArgument;
    int coverage_weight = kNoArgument;
    int diversity_weight = kNoArgument;
    int dispersion = kNoArgument;
};

// An argument read per row. One that is the same for all rows is read once: going back to a row for
// a further argument costs as much as reading the row.
struct RowArgument {
    int number = kNoArgument;
    bool constant = true;
    NullableDatum value = {0, true};  // of a constant one

    bool given() const { return !(constant && value.isnull); }
};

class WindowReader {
  public:
    WindowReader(FunctionCallInfo fcinfo, const Layout& layout);

    // Fills request and limits; `method` counts where the function has no such argument.
    void read_settings(Input* input, vg::select::Method method);
    // Adds all rows of the partition. positions are row numbers of the partition, from 0.
    void read_rows(Input* input, std::pmr::vector<int64>* positions);

  private:
    NullableDatum current(int argument);
    double current_number(int argument, const char* name);
    std::string_view current_text(int argument, const char* name);
    RowArgument row_argument(int number);
    NullableDatum at_row(const RowArgument& argument, int64 row);
    // Absent (NaN) for NULL; NaN itself is an error.
    double number_at_row(const RowArgument& argument, int64 row, const char* name);

    void read_compression(Input* input);
    void read_limits(Input* input);
    void find_arguments(Input* input);
    InputRow read_row(int64 row);
    void read_group(Input* input, InputRow* row);

    FunctionCallInfo call_;
    WindowObject window_;
    Layout layout_;
    RowArgument embedding_, relevance_, shown_, cost_, grp_, most_, least_, weight_;
};

}  // namespace vg::pg::select
