#pragma once

#include "sim/cluster_world.hpp"
#include "sim/findings.hpp"

namespace chat::tests {

/// Holds a cluster that has come to rest against what its streams say: what the nodes keep, what
/// was answered, heard and read.
void judge(ClusterWorld& world, Findings& findings);

}  // namespace chat::tests
