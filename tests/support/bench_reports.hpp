#pragma once

#include <string>

#include "chat/bench/report/report.hpp"

namespace chat::tests {

/// Three repeats of a fan-out in which all went well, on a server whose CPU is known. `slower`: all
/// times and the CPU of the server are multiplied by it; `commit` is told in the setup.
bench::Report calm_report(double slower = 1, const std::string& commit = "5d51090");

/// One repeat, cut short, in which nearly all went wrong, told by hostile texts.
bench::Report troubled_report();

/// Two repeats without a message.
bench::Report idle_report();

/// One repeat of one second with one delivery.
bench::Report short_report();

}  // namespace chat::tests
