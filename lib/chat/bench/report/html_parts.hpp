#pragma once

#include <string>
#include <vector>

#include "chat/bench/report/report.hpp"
#include "chat/bench/report/run_plots.hpp"

namespace chat::bench {

/// Parts that the page of one run and that of several have in common. HTML; all texts are escaped.

/// `remarks` so that they cannot be overlooked; empty when there is none.
std::string loud_html(const std::vector<std::string>& remarks);

std::string facts_html(const std::string& title, const std::vector<Fact>& facts);

/// The percentiles of each run, in a table with a column for each.
std::string percentiles_html(const std::vector<DrawnRun>& runs);

/// The numbers of the plots over the time, folded away; empty when there are none.
std::string seconds_html(const DrawnRun& run);

/// A table that is scrolled by itself where it is too wide. `name` is for who does not see it.
std::string scrolled(const std::string& name, const std::string& table);

}  // namespace chat::bench
