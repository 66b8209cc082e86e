#pragma once

#include <optional>
#include <string>

#include "chat/client/client.hpp"
#include "chat/tui/texts.hpp"
#include "server_options.hpp"

namespace chat::tools {

struct JoinOptions {
  ServerOptions server;
  std::string room;
  std::optional<std::size_t> newest;
  std::string since;
  std::string color = "auto";
  std::string lang;  ///< empty: as the environment wants
  bool bell = false;
  bool plain = false;
};

/// `chat join` where there is no terminal: lines of stdin to the room, its messages to stdout. At
/// the end of stdin it waits until all are acknowledged. Returns the exit code.
int join_plainly(const JoinOptions& options, client::Client::Options client,
                 const tui::Texts& texts);

}  // namespace chat::tools
