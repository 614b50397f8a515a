// Results as tab-separated files (for the plots and for later comparison) and as text tables.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "database.h"
#include "options.h"
#include "runner.h"

namespace vg::bench {

using NamedBuild = std::pair<std::string, BuildResult>;  // method, figures

// Writes options.out, one line per (method, ef), and options.out + ".builds", one line per index.
void write_files(const Options& options, const std::vector<NamedBuild>& builds,
                 const std::vector<Point>& points);

// Prints builds, the sweep, and every method's speed and pages at fixed recalls to stdout.
void print_tables(const Options& options, const std::vector<NamedBuild>& builds,
                  const std::vector<Point>& points);

}  // namespace vg::bench
